import { describe, expect, it } from "vitest";
import { changeOf, conflictsOf, type MemberValues, type Names } from "./member-body";

const before: MemberValues = {
  name: "Ana",
  role: "agent",
  extra: ["audit.read"],
  access: "some",
  clients: ["c1"],
  allowed: ["live_chat", "sms"],
  limits: { live_chat: "2", sms: "3" },
  clientChannels: { c1: ["sms"] },
  teams: ["t1"],
  skills: [],
};
const work = { channels: "Limits", client_channels: "Channels by client", teams: "Teams", skills: "Skills" };
const names: Names = {
  fields: { name: "Full Name", role: "Role", extra: "Extra permissions", clients: "Client access", ...work },
  channel: (key) => key.toUpperCase(),
  team: (id) => id,
  role: (key) => key || "No role",
  permissions: (keys) => keys.join(", "),
  clients: (access) => (access === "all" ? "All clients" : access.join(", ")),
};

describe("a change of a member", () => {
  it("names only what differs, so that it undoes nothing else", () => {
    expect(changeOf(before, { ...before, name: " Ana " })).toEqual({});
    expect(changeOf(before, { ...before, role: "" })).toEqual({ role: null });
    expect(changeOf(before, { ...before, extra: [] })).toEqual({ extra_permissions: [] });
    expect(changeOf(before, { ...before, access: "all" })).toMatchObject({ clients: "all" });
  });

  it("has the whole work if any of it differs, with nothing of a channel that was taken away (E08)", () => {
    expect(changeOf(before, { ...before, allowed: ["live_chat"] })).toEqual({
      work: { channels: { live_chat: 2 }, client_channels: { c1: [] }, teams: ["t1"], skills: [] },
    });
    expect(changeOf(before, { ...before, limits: { ...before.limits, fax: "9" } })).toEqual({});
    expect(changeOf(before, { ...before, access: "all" }).work?.client_channels).toEqual({});
  });

  it("ignores a list of clients that does not count", () => {
    expect(changeOf({ ...before, access: "all" }, { ...before, access: "all", clients: [] })).toEqual({});
  });
});

describe("a conflict (U132)", () => {
  it("has both values of each field that differs", () => {
    const mine: MemberValues = { ...before, role: "" };
    const theirs: MemberValues = { ...before, access: "all" };
    expect(conflictsOf(mine, theirs, names)).toEqual([
      { label: "Role", mine: "No role", theirs: "agent" },
      { label: "Client access", mine: "c1", theirs: "All clients" },
      { label: "Channels by client", mine: "c1: SMS", theirs: "" },
    ]);
  });

  it("has limits, teams and skills in words", () => {
    const mine: MemberValues = { ...before, limits: { ...before.limits, sms: "5" }, teams: [], skills: ["Spanish"] };
    expect(conflictsOf(mine, before, names)).toEqual([
      { label: "Limits", mine: "LIVE_CHAT 2 and SMS 5", theirs: "LIVE_CHAT 2 and SMS 3" },
      { label: "Teams", mine: "", theirs: "t1" },
      { label: "Skills", mine: "Spanish", theirs: "" },
    ]);
  });

  it("is none if both want the same", () => {
    expect(conflictsOf(before, { ...before }, names)).toEqual([]);
  });
});
