import { describe, expect, it } from "vitest";
import type { Case, Conversation } from "../../api/conversations";
import { ApiProblem, type ProblemBody } from "../../api/problems";
import { isNearLimit, limitMet, type Reader, refusalOf, verbsOf, whyNotReply, winnerOf } from "./standing";

const ANA = { id: "ana", name: "Ana" };
const me: Reader = { member: "me", mayReply: true, mayOverride: false, channels: ["sms"] };
const handoff = { by: { id: "agent:1", name: "Agent" }, at: "2026-11-22T10:00:00Z", note_erased: false, skills: [] };

function conversation(state: Case["state"] | undefined, more: Partial<Case> = {}, rest: Partial<Conversation> = {}) {
  const routed: Case | undefined = state && {
    state,
    offered_at: "2026-11-22T10:00:00Z",
    client: { id: "c", name: "Acme" },
    channel: "sms",
    team: null,
    skills: [],
    waits_because: null,
    assigned_to: null,
    assigned_at: null,
    over_limit: false,
    why: null,
    first_reply_at: null,
    first_reply_due_at: null,
    first_reply_missed_at: null,
    ...more,
  };
  const whole: Conversation = {
    id: "1",
    state: state ? "handed_off" : "open",
    connector_id: "k",
    message_count: 1,
    handoff: state ? handoff : null,
    case: routed ?? null,
    ...rest,
  };
  return whole;
}

const problem = (kind: string, extras: Partial<ProblemBody> = {}) =>
  new ApiProblem({ type: `/problems/${kind}`, title: "", detail: "", status: 409, request_id: "r", ...extras });

describe("what somebody can do with a conversation (U606)", () => {
  it("is to claim or transfer one that waits, or to give it back", () => {
    expect(verbsOf(conversation("waiting"), me, false)).toEqual(["claim", "transfer", "giveBack"]);
    expect(verbsOf(conversation("offered"), me, true)).toEqual(["claim", "transfer"]);
  });

  it("is not to claim one on a channel that is not theirs", () => {
    expect(verbsOf(conversation("waiting", { channel: "whatsapp" }), me, true)).toEqual(["transfer"]);
    expect(verbsOf(conversation("waiting", { channel: "whatsapp" }), { ...me, channels: undefined }, true)).toEqual([
      "claim",
      "transfer",
    ]);
  });

  it("is to release, transfer or requeue one's own", () => {
    const mine = conversation("assigned", { assigned_to: { id: "me", name: "Me" } });
    expect(verbsOf(mine, me, false)).toEqual(["release", "transfer", "requeue", "giveBack"]);
  });

  it("needs the right to exceed limits for somebody else's", () => {
    const theirs = conversation("assigned", { assigned_to: ANA });
    expect(verbsOf(theirs, me, false)).toEqual([]);
    expect(verbsOf(theirs, { ...me, mayOverride: true }, true)).toEqual(["release", "transfer", "requeue"]);
  });

  it("is to hand over what the agent has, and nothing once it ended or without the right to answer", () => {
    expect(verbsOf(conversation(undefined), me, false)).toEqual(["handOver"]);
    expect(verbsOf(conversation("released"), me, false)).toEqual(["giveBack"]);
    expect(verbsOf(conversation("waiting", {}, { state: "closed" }), me, false)).toEqual([]);
    expect(verbsOf(conversation("waiting"), { ...me, mayReply: false }, false)).toEqual([]);
  });
});

describe("who may answer (U605)", () => {
  const why = (one: Conversation, reader = me) => whyNotReply(one, reader, (key) => key.toUpperCase());

  it("is the member who has it", () => {
    expect(why(conversation("assigned", { assigned_to: { id: "me", name: "Me" } }))).toBeUndefined();
    expect(why(conversation("assigned", { assigned_to: ANA }))).toBe("Assigned to Ana");
  });

  it("is nobody whose channels do not include it, while it waits", () => {
    const slack = conversation("waiting", { channel: "slack" });
    expect(why(slack)).toBe("Your channels do not include SLACK");
    expect(why(slack, { ...me, channels: undefined })).toBeUndefined();
    expect(why(conversation("waiting"))).toBeUndefined();
  });

  it("is told by the API where it knows more", () => {
    const standing = { allowed: false, code: "opted-out", text: null, max_chars: null, until: null };
    expect(why(conversation(undefined, {}, { reply: standing }))).toMatch(/STOP/);
    const other = { ...standing, code: "quiet_hours", text: "It is night there." };
    expect(why(conversation(undefined, {}, { reply: other }))).toBe("It is night there.");
  });

  it("needs the permission and a conversation that has not ended", () => {
    expect(why(conversation(undefined), { ...me, mayReply: false })).toMatch(/permission/);
    expect(why(conversation(undefined, {}, { state: "closed" }))).toMatch(/ended/);
  });
});

describe("a refusal", () => {
  it("of a text is said in words, and others are left to the form", () => {
    expect(refusalOf(problem("reply-window-closed"))).toMatch(/reply window has closed/);
    expect(refusalOf(problem("invalid-fields"))).toBeUndefined();
    expect(refusalOf(new Error())).toBeUndefined();
  });

  it("names who was first", () => {
    expect(winnerOf(problem("taken", { assigned_to: { id: "b", name: "Bo" } }))).toBe("Bo");
    expect(winnerOf(problem("taken"))).toBe("");
    expect(winnerOf(problem("at-limit"))).toBeUndefined();
  });

  it("tells the limit that is met", () => {
    expect(limitMet(problem("at-limit", { load: 3, limit: 3 }))).toEqual({ load: 3, limit: 3 });
    expect(limitMet(problem("taken"))).toBeUndefined();
  });
});

it("says the length of a text from 80 % of the limit on", () => {
  expect([79, 80, 101].map((length) => isNearLimit(length, 100))).toEqual([false, true, true]);
});
