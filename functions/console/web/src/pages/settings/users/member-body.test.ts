import { describe, expect, it } from "vitest";
import { changeOf, conflictsOf, type MemberValues, type Names } from "./member-body";

const before: MemberValues = {
  name: "Ana",
  role: "agent",
  extra: ["audit.read"],
  access: "some",
  clients: ["c1"],
};
const names: Names = {
  fields: { name: "Full Name", role: "Role", extra: "Extra permissions", clients: "Client access" },
  role: (key) => key || "No role",
  permissions: (keys) => keys.join(", "),
  clients: (access) => (access === "all" ? "All clients" : access.join(", ")),
};

describe("a change of a member", () => {
  it("names only what differs, so that it undoes nothing else", () => {
    expect(changeOf(before, { ...before, name: " Ana " })).toEqual({});
    expect(changeOf(before, { ...before, role: "" })).toEqual({ role: null });
    expect(changeOf(before, { ...before, extra: [] })).toEqual({ extra_permissions: [] });
    expect(changeOf(before, { ...before, access: "all" })).toEqual({ clients: "all" });
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
    ]);
  });

  it("is none if both want the same", () => {
    expect(conflictsOf(before, { ...before }, names)).toEqual([]);
  });
});
