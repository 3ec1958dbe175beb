import { describe, expect, it } from "vitest";
import { bodyOf, changeOf, conflictsOf, type RoleValues } from "./role-body";

const before: RoleValues = { name: "Auditor", description: "", permissions: ["audit.read"] };

describe("a role's form", () => {
  it("sends no description where there are no words", () => {
    expect(bodyOf({ ...before, name: " Auditor ", description: "  " })).toEqual({
      name: "Auditor",
      description: null,
      permissions: ["audit.read"],
    });
  });

  it("changes only what differs", () => {
    expect(changeOf(before, { ...before, description: " " })).toEqual({});
    expect(changeOf(before, { ...before, description: "Reads all." })).toEqual({ description: "Reads all." });
    expect(changeOf(before, { ...before, permissions: [] })).toEqual({ permissions: [] });
  });

  it("compares with what somebody else saved, field by field", () => {
    const labels = { name: "Name", description: "Description", permissions: "Permissions" };
    const theirs: RoleValues = { ...before, name: "Audit", permissions: ["audit.read", "members.read"] };
    expect(conflictsOf(before, theirs, labels, (keys) => keys.join(" + "))).toEqual([
      { label: "Name", mine: "Auditor", theirs: "Audit" },
      { label: "Permissions", mine: "audit.read", theirs: "audit.read + members.read" },
    ]);
  });
});
