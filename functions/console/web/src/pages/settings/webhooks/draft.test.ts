import { describe, expect, it } from "vitest";
import type { EventType, Webhook } from "../../../api/webhooks";
import { byArea, differences, draftOf, NEW, reachable, rules, toCreate, toUpdate } from "./draft";

const webhook: Webhook = {
  id: "01JD3Q3Z9V8M4T6K2N7P5R1S0W",
  name: "CRM",
  url: "https://crm.example.com/events",
  events: ["member.joined", "access_request.created"],
  project_id: null,
  status: "active",
  version: 1,
  created_at: "2026-11-22T10:00:00.000Z",
  updated_at: "2026-11-22T10:00:00.000Z",
};
const types: EventType[] = [
  { type: "access_request.created", description: "A stranger asked for access.", has_project: true },
  { type: "access_request.approved", description: "An access request was approved.", has_project: true },
  { type: "member.joined", description: "A member joined.", has_project: false },
];

describe("a webhook's form (U512)", () => {
  it("asks for a name, an address, and at least one event unless all are wanted", () => {
    expect(rules.name(" ")).toBe("Enter a name");
    expect(rules.url("crm.example.com")).toBe("Enter an address that begins with https://");
    expect(rules.url("ftp://crm.example.com")).toBe("Enter an address that begins with https://");
    expect(rules.url(" https://crm.example.com/events ")).toBeUndefined();
    expect(rules.events([], { ...NEW, which: "chosen" })).toBe("Choose at least one event");
    expect(rules.events([], NEW)).toBeUndefined();
  });

  it("sends a star for all events, and no project for the whole account", () => {
    const draft = { ...NEW, name: " CRM ", url: " https://crm.example.com ", events: ["member.joined"] };
    const all = { name: "CRM", url: "https://crm.example.com", events: ["*"], project_id: undefined };
    expect(toCreate(draft)).toEqual(all);
    const chosen = { ...draft, which: "chosen" as const, project: "p" };
    expect(toCreate(chosen)).toEqual({ ...all, events: ["member.joined"], project_id: "p" });
  });

  it("sends only what was changed", () => {
    const before = draftOf(webhook);
    expect(toUpdate(before, before)).toEqual({});
    expect(toUpdate(before, { ...before, which: "all" })).toEqual({ events: ["*"] });
    const limited = { ...before, project: "p" };
    expect(toUpdate(before, limited)).toEqual({ project_id: "p" });
    expect(toUpdate(limited, before)).toEqual({ project_id: null });
  });

  it("shows both wishes of two people in words (U132)", () => {
    const mine = draftOf(webhook);
    const theirs = draftOf({ ...webhook, events: ["*"], project_id: "p" });
    const name = (id: string) => (id ? "Help desk" : "The whole account");
    expect(differences(mine, theirs, name)).toEqual([
      { label: "Limited to", mine: "The whole account", theirs: "Help desk" },
      { label: "Events", mine: "access_request.created, member.joined", theirs: "All events" },
    ]);
    expect(differences(mine, { ...mine }, name)).toEqual([]);
  });

  it("groups types by what they are about, and drops those that a limit to a project rules out", () => {
    expect(byArea(types).map(({ area, types: members }) => [area, members.length])).toEqual([
      ["access_request", 2],
      ["member", 1],
    ]);
    const chosen = ["access_request.created", "member.joined"];
    expect(reachable(chosen, types, "p")).toEqual(["access_request.created"]);
    expect(reachable(chosen, types, "")).toEqual(chosen);
  });
});
