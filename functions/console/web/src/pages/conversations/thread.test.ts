import { describe, expect, it } from "vitest";
import type { Message } from "../../api/conversations";
import { arrivedAfter, gapBefore, type Happening, isUnderWay, linesOf, merged } from "./thread";

function message(number: number, at: string, more: Partial<Message> = {}): Message {
  return {
    number,
    direction: "inbound",
    author: { kind: "chat_user", id: "u" },
    text: `Message ${number}`,
    content: [],
    entities: [],
    attachments: [],
    created_at: at,
    ...more,
  };
}

const requeued = (at: string): Happening => ({ kind: "approved", at, key: `a${at}`, by: "Ana" });
const numbers = (messages: readonly Message[]) => messages.map(({ number }) => number);
const MORNING = "2026-11-22T09:00:00Z";
const NOON = "2026-11-22T12:00:00Z";
const NEXT = "2026-11-23T09:00:00Z";
const UTC = { timeZone: "UTC" };

describe("the messages of a thread", () => {
  it("stand in the order of their numbers, each as it was read last", () => {
    const known = [message(1, MORNING), message(2, NOON)];
    const all = merged(known, [message(3, NEXT), message(2, NOON, { text: "Edited" })]);
    expect(numbers(all)).toEqual([1, 2, 3]);
    expect(all[1]?.text).toBe("Edited");
  });

  it("have a gap if more came than one page holds", () => {
    const known = [message(1, MORNING), message(2, MORNING)];
    expect(gapBefore(known, [message(9, NEXT), message(8, NEXT)])).toBe(8);
    expect(gapBefore(known, [message(3, NEXT), message(2, NOON)])).toBeUndefined();
    expect(gapBefore([], [message(9, NEXT)])).toBeUndefined();
    expect(gapBefore(known, [])).toBeUndefined();
  });

  it("count as new if others wrote them", () => {
    const reply = message(4, NEXT, { direction: "outgoing" });
    expect(arrivedAfter([message(2, NOON), message(3, NEXT), reply], 2)).toBe(1);
  });

  it("are read again soon while one is being sent, for a minute", () => {
    const queued = message(2, NOON, { direction: "outgoing", sending: { status: "queued", at: null } });
    const noon = Date.parse(NOON);
    expect(isUnderWay([message(1, MORNING), queued], noon + 1_000)).toBe(true);
    expect(isUnderWay([queued], noon + 60_000)).toBe(false);
    expect(isUnderWay([{ ...queued, sending: { status: "sent", at: NOON } }], noon + 1_000)).toBe(false);
    expect(isUnderWay([message(1, NOON)], noon + 1_000)).toBe(false);
  });
});

describe("the lines of a thread", () => {
  const kinds = (lines: ReturnType<typeof linesOf>) => lines.map(({ kind }) => kind);

  it("are parted by days in the zone of the reader, with what happened in between", () => {
    const lines = linesOf([message(1, MORNING), message(2, NEXT)], [requeued(NOON)], true, UTC);
    expect(kinds(lines)).toEqual(["day", "message", "approved", "day", "message"]);
    const late = [message(1, "2026-11-22T22:30:00Z"), message(2, "2026-11-22T23:30:00Z")];
    expect(kinds(linesOf(late, [], true, UTC))).toEqual(["day", "message", "message"]);
    expect(kinds(linesOf(late, [], true, { timeZone: "Europe/Berlin" }))).toEqual(["day", "message", "day", "message"]);
  });

  it("keep what happened before the loaded messages until all are loaded", () => {
    const messages = [message(5, NOON)];
    expect(kinds(linesOf(messages, [requeued(MORNING)], false, UTC))).toEqual(["day", "message"]);
    expect(kinds(linesOf(messages, [requeued(MORNING)], true, UTC))).toEqual(["day", "approved", "message"]);
  });

  it("keep the order of numbers where a clock was wrong", () => {
    const lines = linesOf([message(1, NOON), message(2, MORNING), message(3, NEXT)], [], true, UTC);
    expect(lines.flatMap((line) => (line.kind === "message" ? [line.message.number] : []))).toEqual([1, 2, 3]);
  });
});
