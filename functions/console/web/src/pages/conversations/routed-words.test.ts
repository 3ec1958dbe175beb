import { expect, it } from "vitest";
import type { Routed } from "../../api/conversations";
import { routedWords } from "./routed-words";

const ANA = { id: "ana", name: "Ana" };
const BO = { id: "member:bo", name: "Bo" };
const SYSTEM = { id: "system", name: "Vestibule" };
const why = { text: "Ana: available, had 1 of 3", load: 1, limit: 3, idle_seconds: 720, fit: 2, runners_up: [] };
const line = (more: Partial<Routed>): Routed => ({
  id: "1",
  at: "2026-11-22T10:00:00Z",
  by: BO,
  verb: "assign",
  member: null,
  team: null,
  why: null,
  over_limit: false,
  note: null,
  ...more,
});
const words = (more: Partial<Routed>) => routedWords(line(more)).words;

it("says who got a conversation by the rule, and why", () => {
  expect(routedWords(line({ by: SYSTEM, member: ANA, why }))).toEqual({
    words: "Assigned to Ana",
    why: "Ana: available, had 1 of 3",
  });
});

it("says who did what by hand, and whether it was over the limit", () => {
  expect(words({ member: ANA, over_limit: true })).toBe("Bo assigned it to Ana, over the limit");
  expect(words({ verb: "claim", member: { id: "bo", name: "Bo" } })).toBe("Bo claimed it");
  expect(words({ verb: "transfer", member: ANA })).toBe("Bo transferred it to Ana");
  // Ana had it before.
  const toTeam = { verb: "transfer", member: ANA, team: { id: "t", name: "Night shift" } } as const;
  expect(words(toTeam)).toBe("Bo transferred it to Night shift");
  expect(words({ verb: "release" })).toBe("Bo released it");
  expect(words({ verb: "give_back" })).toBe("Bo gave it back to the agent");
});

it("says that no reply came in time, whoever had the conversation", () => {
  expect(words({ verb: "miss_first_reply", by: SYSTEM, member: ANA })).toBe("No reply within the client’s limit");
});

it("tells a handover by the agent from a wait that began by itself", () => {
  expect(words({ verb: "offer", by: { id: "agent:1", name: "Agent" }, team: { id: "t", name: "Sales" } })).toBe(
    "Agent handed the conversation over to Sales",
  );
  expect(words({ verb: "offer", by: SYSTEM })).toBe("Waits for the team");
});

it("tells a requeue by a member from one that came with their absence", () => {
  expect(words({ verb: "requeue" })).toBe("Bo put it back in the queue");
  expect(words({ verb: "requeue", by: SYSTEM })).toBe("Back in the queue");
});

it("does without the names of who was deleted", () => {
  expect(words({ verb: "transfer", member: { id: "x", name: null } })).toBe("Bo transferred it to Member");
});
