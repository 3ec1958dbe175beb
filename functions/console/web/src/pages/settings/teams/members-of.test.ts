import { expect, it } from "vitest";
import type { Member } from "../../../api/members";
import { membersOf } from "./members-of";

function member(name: string, teams: string[], status: Member["status"] = "active"): Member {
  return {
    id: name,
    name,
    email: `${name}@example.com`,
    role: null,
    extra_permissions: [],
    permissions: [],
    clients: "all",
    status,
    is_you: false,
    availability: { state: "available", paused: [], since: "2026-11-01T00:00:00Z" },
    created_at: "2026-11-01T00:00:00Z",
    updated_at: "2026-11-01T00:00:00Z",
    work: { channels: {}, client_channels: {}, teams, skills: [] },
  };
}

it("finds the members of a team by name, pending ones too, and nobody who was removed", () => {
  const members = [
    member("Cy", ["night"], "pending"),
    member("Ana", ["day", "night"]),
    member("Bo", ["day"]),
    member("Dai", ["night"], "removed"),
  ];
  expect(membersOf("night", members).map(({ name }) => name)).toEqual(["Ana", "Cy"]);
  expect(membersOf("none", members)).toEqual([]);
});
