import type { Invitation, TimelineEntry } from "../../../api/invitations";

export type StepKey =
  | "link"
  | "queued"
  | "sent"
  | "delayed"
  | "delivered"
  | "bounced"
  | "complained"
  | "failed"
  | "opened"
  | "accepted";

export interface Step {
  key: StepKey;
  state: "done" | "failed" | "waiting" | "open";
  at?: string | undefined;
}

type Told = Pick<Invitation, "timeline" | "mail_status">;

/** The events of the latest mail. */
function latestMail(timeline: readonly TimelineEntry[]): TimelineEntry[] {
  const start = timeline.findLastIndex(({ kind }) => kind === "mail_queued");
  return timeline.slice(Math.max(0, start)).filter(({ kind }) => kind.startsWith("mail_"));
}

/** The events as they are told, the newest first. The news of a mail may be noted before its sending is. */
export function newestFirst(timeline: readonly TimelineEntry[]): TimelineEntry[] {
  const told: TimelineEntry[] = [];
  for (const entry of timeline) {
    const early = entry.kind === "mail_sent" ? told.findLastIndex(({ kind }) => kind === "mail_queued") + 1 : 0;
    told.splice(early || told.length, 0, entry);
  }
  return told.reverse();
}

const FAILURES = ["mail_bounced_hard", "mail_bounced_soft", "mail_complained", "mail_rejected", "mail_failed"];

/** The event that ended the latest mail badly, and that no delivery followed. */
function failureOf(mail: readonly TimelineEntry[]): TimelineEntry | undefined {
  const delivered = mail.findLastIndex(({ kind }) => kind === "mail_delivered");
  return mail.findLast(
    ({ kind }, index) => FAILURES.includes(kind) && (kind !== "mail_bounced_soft" || index > delivered),
  );
}

const FAILED_STEPS: Partial<Record<TimelineEntry["kind"], StepKey>> = {
  mail_bounced_hard: "bounced",
  mail_bounced_soft: "bounced",
  mail_complained: "complained",
};

/** The way of an invitation from its mail to its acceptance, as far as it came (D25). */
export function stepsOf({ timeline, mail_status }: Told): Step[] {
  const mail = latestMail(timeline);
  const time = (kind: TimelineEntry["kind"], list: readonly TimelineEntry[] = timeline) =>
    list.findLast((entry) => entry.kind === kind)?.at;
  const step = (key: StepKey, at: string | undefined): Step => ({ key, state: at ? "done" : "open", at });
  const end = [step("opened", time("opened")), step("accepted", time("accepted"))];
  if (mail.length === 0 && !mail_status) {
    return [step("link", time("link_copied") ?? time("invited")), ...end];
  }
  const queued: Step = { key: "queued", state: "done", at: time("mail_queued", mail) };
  const delivered = time("mail_delivered", mail);
  const failure = failureOf(mail);
  if (mail_status === "suppressed" || failure?.kind === "mail_failed" || failure?.kind === "mail_rejected") {
    return [queued, { key: "failed", state: "failed", at: failure?.at }, ...end];
  }
  const sentAt = time("mail_sent", mail);
  const isUnderWay = Boolean(delivered ?? failure) || mail_status === "delayed" || mail_status === "sent";
  const sent: Step = { key: "sent", state: sentAt || isUnderWay ? "done" : "open", at: sentAt };
  const begin = [queued, sent];
  if (failure) {
    if (delivered) begin.push(step("delivered", delivered));
    return [...begin, { key: FAILED_STEPS[failure.kind] ?? "failed", state: "failed", at: failure.at }, ...end];
  }
  if (!delivered && mail_status === "delayed") {
    return [...begin, { key: "delayed", state: "waiting", at: time("mail_delayed", mail) }, ...end];
  }
  return [...begin, step("delivered", delivered), ...end];
}

export interface Trouble {
  kind: "bounced" | "bouncedForNow" | "complained" | "suppressed" | "failed" | "delayed";
  /** The other mail server's words. */
  words?: string | undefined;
  /** No mail goes to the address until the block is lifted. */
  isBlocked: boolean;
}

/** The obstacle that keeps the latest mail from its reader, if there is one. */
export function troubleOf({ timeline, mail_status }: Told): Trouble | undefined {
  const mail = latestMail(timeline);
  if (mail_status === "suppressed") return { kind: "suppressed", isBlocked: true };
  const failure = failureOf(mail);
  const words = failure?.detail ?? undefined;
  switch (failure?.kind) {
    case "mail_bounced_hard":
      return { kind: "bounced", words, isBlocked: true };
    case "mail_complained":
      return { kind: "complained", words, isBlocked: true };
    case "mail_bounced_soft":
      return { kind: "bouncedForNow", words, isBlocked: false };
    case undefined:
      break;
    default:
      return { kind: "failed", words, isBlocked: false };
  }
  if (mail_status !== "delayed") return undefined;
  return {
    kind: "delayed",
    words: mail.findLast(({ kind }) => kind === "mail_delayed")?.detail ?? undefined,
    isBlocked: false,
  };
}

/** The actions that an invitation allows. */
export interface Options {
  /** Words for sending it: once more, after trouble with its mail, or after it expired. */
  send: "resend" | "sendAgain" | "inviteAgain" | undefined;
  mayCopy: boolean;
  mayRevoke: boolean;
}

export function optionsOf(invitation: Pick<Invitation, "status"> & Told, hasSender: boolean): Options {
  const isPending = invitation.status === "pending";
  if (invitation.status === "expired") return { send: "inviteAgain", mayCopy: false, mayRevoke: false };
  const trouble = troubleOf(invitation);
  const send = trouble && trouble.kind !== "delayed" ? "sendAgain" : "resend";
  // Without a sender address, sending makes a link, and so does copying.
  return { send: isPending && hasSender ? send : undefined, mayCopy: isPending, mayRevoke: isPending };
}
