import { describe, expect, it } from "vitest";
import type { PermissionDetails } from "../../../api/roles";
import { byArea, labelsOf, withPermission } from "./areas";

const catalogue: PermissionDetails[] = [
  { key: "projects.read", area: "projects", label: "View projects", description: "Read projects." },
  { key: "members.read", area: "team", label: "View the team", description: "Read members." },
  { key: "projects.write", area: "projects", label: "Manage projects", description: "Change projects." },
];

describe("the catalogue of permissions", () => {
  it("is grouped by area, in the order of first appearance", () => {
    expect(byArea(catalogue).map(({ key, permissions }) => [key, permissions.map((one) => one.key)])).toEqual([
      ["projects", ["projects.read", "projects.write"]],
      ["team", ["members.read"]],
    ]);
  });

  it("names permissions by their labels, and a key that is newer than the page by itself", () => {
    expect(labelsOf(["reports.read", "projects.write", "projects.read"], catalogue)).toEqual([
      "View projects",
      "Manage projects",
      "reports.read",
    ]);
  });
});

describe("a choice of permissions", () => {
  it("is the same list in whatever order it was made", () => {
    const one = withPermission(withPermission([], "projects.write", true), "members.read", true);
    const other = withPermission(withPermission([], "members.read", true), "projects.write", true);
    expect(one).toEqual(other);
  });

  it("holds a permission once, and loses it when it is taken away", () => {
    expect(withPermission(["members.read"], "members.read", true)).toEqual(["members.read"]);
    expect(withPermission(["members.read"], "members.read", false)).toEqual([]);
  });
});
