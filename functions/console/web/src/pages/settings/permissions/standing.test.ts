import { describe, expect, it } from "vitest";
import type { Permission } from "../../../api/me";
import { aboveBy, mayGive, type Standing } from "./standing";

const lead: Standing = { permissions: ["members.read", "members.manage", "projects.read"], isSuperAdmin: false };
const superAdmin: Standing = { permissions: ["members.manage"], isSuperAdmin: true };
const holding = (permissions: Permission[], key?: string) => ({ permissions, role: key ? { key } : null });

describe("who is above (D26)", () => {
  it("is who holds something that the person lacks, by that", () => {
    expect(aboveBy(lead, holding(["projects.read", "audit.read"]))).toEqual(["audit.read"]);
  });

  it("is nobody who holds the same or less", () => {
    expect(aboveBy(lead, holding(["projects.read"]))).toBeUndefined();
    expect(aboveBy(lead, holding([]))).toBeUndefined();
  });

  it("is a super admin for all but super admins, even if the lists are equal", () => {
    expect(aboveBy(lead, holding(["projects.read"], "super_admin"))).toEqual([]);
    expect(aboveBy(superAdmin, holding(["audit.read"], "super_admin"))).toBeUndefined();
  });
});

describe("a role", () => {
  const role = { key: "r", name: "R", built_in: false, permissions: ["audit.read"] as Permission[] };

  it("cannot be given by who lacks one of its permissions", () => {
    expect(mayGive(lead, role)).toBe(false);
    expect(mayGive(superAdmin, role)).toBe(true);
    expect(mayGive(lead, { ...role, permissions: ["projects.read"] })).toBe(true);
  });
});
