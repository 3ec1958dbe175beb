import { describe, expect, it } from "vitest";
import type { Member } from "../../../api/members";
import { isLastSuperAdmin, matching, readClients } from "./filter";

function member(name: string, email: string, more: Partial<Member> = {}): Member {
  return {
    id: email,
    name,
    email,
    role: null,
    extra_permissions: [],
    permissions: [],
    clients: "all",
    status: "active",
    is_you: false,
    work: { channels: {}, client_channels: {}, teams: [], skills: [] },
    availability: { state: "available", paused: [], since: "2026-11-01T00:00:00Z" },
    created_at: "2026-11-01T00:00:00Z",
    updated_at: "2026-11-01T00:00:00Z",
    ...more,
  };
}

const dai = member("Dai Nguyễn", "dai@example.com", { role: { key: "agent", name: "Agent" } });
const jun = member("Jun Park", "jun@example.org", { status: "pending" });
const found = (filter: Parameters<typeof matching>[1]) => matching([dai, jun], filter).map(({ email }) => email);

describe("the search for members", () => {
  it("finds names and addresses without regard to case and accents", () => {
    expect(found({ q: "NGUYEN" })).toEqual(["dai@example.com"]);
    expect(found({ q: "example.org" })).toEqual(["jun@example.org"]);
  });

  it("wants each word, in any order", () => {
    expect(found({ q: "park jun" })).toEqual(["jun@example.org"]);
    expect(found({ q: "park dai" })).toEqual([]);
  });

  it("is narrowed by team", () => {
    const work = { channels: {}, client_channels: {}, teams: ["night"], skills: [] };
    expect(matching([dai, { ...jun, work }], { team: "night" }).map(({ name }) => name)).toEqual(["Jun Park"]);
  });

  it("is narrowed by role and status", () => {
    expect(found({ role: "agent" })).toEqual(["dai@example.com"]);
    expect(found({ role: "none" })).toEqual(["jun@example.org"]);
    expect(found({ status: "pending" })).toEqual(["jun@example.org"]);
    expect(found({})).toHaveLength(2);
  });
});

it("reads access to clients as all, or as ids in a fixed order", () => {
  expect(readClients("all")).toBe("all");
  expect(readClients(["b", "a"])).toEqual(["a", "b"]);
});

describe("the last super admin", () => {
  const role = { key: "super_admin", name: "Super Admin" };
  const ana = member("Ana", "ana@example.com", { role });
  const bo = member("Bo", "bo@example.com", { role });

  it("is the only active one", () => {
    expect(isLastSuperAdmin(ana, [ana, jun])).toBe(true);
    expect(isLastSuperAdmin(ana, [ana, bo])).toBe(false);
    expect(isLastSuperAdmin(ana, [ana, { ...bo, status: "suspended" }])).toBe(true);
    expect(isLastSuperAdmin(jun, [ana, jun])).toBe(false);
  });
});
