import type { Conversation } from "../../api/conversations";
import { ApiProblem } from "../../api/problems";
import { conversationTexts as texts } from "../../texts/en/conversations";

/** The facts that count about the person who looks at a conversation. */
export interface Reader {
  /** Id of the member. */
  member: string;
  mayReply: boolean;
  mayOverride: boolean;
  /** The channels that they are allowed; undefined if that is not known. */
  channels: readonly string[] | undefined;
}

export type Verb = "claim" | "release" | "transfer" | "requeue" | "giveBack" | "handOver";

/** The case of a conversation, while it is with the team. */
function openCase({ case: routed }: Conversation) {
  return routed && routed.state !== "released" ? routed : undefined;
}

/** Whether the channel of a conversation is one that the reader is not allowed, so that they can neither claim it nor answer. */
export function isOutsideChannels({ case: routed }: Conversation, { channels }: Reader): boolean {
  return routed != null && channels !== undefined && !channels.includes(routed.channel);
}

/** The actions that the reader has on a conversation. `isTeams` if its connector is answered by the team, so that no agent can have it back. */
export function verbsOf(conversation: Conversation, reader: Reader, isTeams: boolean): Verb[] {
  if (!reader.mayReply || conversation.state === "closed") return [];
  const giveBack: Verb[] = conversation.handoff && !isTeams ? ["giveBack"] : [];
  const routed = openCase(conversation);
  if (!routed) return conversation.state === "open" && !isTeams ? ["handOver"] : giveBack;
  if (routed.state !== "assigned") {
    const claim: Verb[] = isOutsideChannels(conversation, reader) ? [] : ["claim"];
    return [...claim, "transfer", ...giveBack];
  }
  const isMine = routed.assigned_to?.id === reader.member;
  return isMine || reader.mayOverride ? ["release", "transfer", "requeue", ...giveBack] : [];
}

/** Refusals of a text, in the words of the page. */
const REFUSALS: Readonly<Record<string, string>> = {
  "reply-window-closed": texts.cannot.window,
  "opted-out": texts.cannot.optedOut,
  "access-ended": texts.cannot.accessEnded,
  "connector-deleted": texts.cannot.connector,
  "place-unknown": texts.cannot.place,
};

/** Why nothing can be sent, as the API refused it; undefined for other failures. */
export function refusalOf(error: unknown): string | undefined {
  return error instanceof ApiProblem ? REFUSALS[error.kind] : undefined;
}

/** Why the reader cannot answer here; undefined if they can (U605). */
export function whyNotReply(
  conversation: Conversation,
  reader: Reader,
  label: (channel: string) => string,
): string | undefined {
  if (!reader.mayReply) return texts.cannot.permission;
  if (conversation.state === "closed") return texts.cannot.closed;
  const routed = openCase(conversation);
  const holder = routed?.assigned_to;
  if (holder && holder.id !== reader.member) return texts.cannot.assigned(holder.name ?? texts.member);
  if (routed && !holder && isOutsideChannels(conversation, reader)) return texts.cannot.channel(label(routed.channel));
  const told = conversation.reply;
  return told && !told.allowed ? (REFUSALS[told.code ?? ""] ?? told.text ?? texts.cannot.permission) : undefined;
}

/** Share of the limit from which on the counter is shown. */
const NEAR = 0.8;

/** Whether a text is long enough for its length to be said. */
export function isNearLimit(length: number, max: number): boolean {
  return length >= max * NEAR;
}

/** Who took a conversation first, if that is why a call was refused; an empty name if the API names nobody. */
export function winnerOf(error: unknown): string | undefined {
  if (!(error instanceof ApiProblem) || error.kind !== "taken") return undefined;
  return error.body.assigned_to?.name ?? "";
}

/** The load and limit of a member, if that is why a call was refused. */
export function limitMet(error: unknown): { load: number; limit: number } | undefined {
  if (!(error instanceof ApiProblem) || error.kind !== "at-limit") return undefined;
  const { load = 0, limit = 0 } = error.body;
  return { load, limit };
}
