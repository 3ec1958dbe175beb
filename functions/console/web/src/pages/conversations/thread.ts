import type { Message, Routed } from "../../api/conversations";
import { formatDate, type TimeSettings } from "../../format";

/** The messages that are known, with those of a page put in their places; a newer reading replaces an older one. */
export function merged(known: readonly Message[], page: readonly Message[]): Message[] {
  const byNumber = new Map([...known, ...page].map((message) => [message.number, message]));
  return [...byNumber.values()].sort((one, other) => one.number - other.number);
}

/** Number before which messages are missing between those that are known and the newest page; undefined if none is. */
export function gapBefore(known: readonly Message[], page: readonly Message[]): number | undefined {
  const last = known.at(-1)?.number;
  const first = Math.min(...page.map(({ number }) => number));
  return last !== undefined && Number.isFinite(first) && first > last + 1 ? first : undefined;
}

/** Messages of others that came after a number. */
export function arrivedAfter(messages: readonly Message[], number: number): number {
  return messages.filter((message) => message.number > number && message.direction === "inbound").length;
}

/** Milliseconds for which the outcome of a sending is awaited. */
const AWAITED = 60_000;

/** Whether the outcome of a message that was just written is about to be known. */
export function isUnderWay(messages: readonly Message[], now: number): boolean {
  return messages.some(
    ({ sending, created_at }) => sending?.status === "queued" && now - Date.parse(created_at) < AWAITED,
  );
}

/** Something besides messages that happened in a conversation. */
export type Happening =
  | { kind: "routed"; at: string; key: string; routed: Routed }
  | { kind: "approved"; at: string; key: string; by: string };

/** A line of a thread. */
export type Line =
  | { kind: "day"; at: string; key: string }
  | { kind: "message"; at: string; key: string; message: Message }
  | Happening;

/**
 * The lines of a thread in the order of time, each day below its date. What happened before the first message that is loaded waits until
 * all messages are.
 */
export function linesOf(
  messages: readonly Message[],
  happenings: readonly Happening[],
  isWhole: boolean,
  times: TimeSettings = {},
): Line[] {
  const from = isWhole ? "" : (messages[0]?.created_at ?? "");
  // The order of messages is that of their numbers, whatever the clocks say.
  let latest = "";
  const spoken = messages.map((message) => {
    if (message.created_at > latest) latest = message.created_at;
    return { kind: "message" as const, at: latest, key: `m${message.number}`, message };
  });
  const lines: Exclude<Line, { kind: "day" }>[] = [...spoken, ...happenings.filter(({ at }) => at >= from)];
  lines.sort((one, other) => one.at.localeCompare(other.at));
  let day = "";
  return lines.flatMap((line): Line[] => {
    const date = formatDate(line.at, times);
    if (date === day) return [line];
    day = date;
    return [{ kind: "day", at: line.at, key: `d${line.key}` }, line];
  });
}
