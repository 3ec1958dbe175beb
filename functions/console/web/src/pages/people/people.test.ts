import { expect, it } from "vitest";
import type { Environment } from "../../api/environments";
import { environmentsLeft, rangesIn } from "./people";

it("a person can be approved where they are not approved yet", () => {
  const environments = [{ id: "e1" }, { id: "e2" }] as Environment[];
  const granted = [{ environment_id: "e1", granted_at: "2026-11-22T10:00:00Z", granted_by: "Ana" }];
  expect(environmentsLeft(environments, granted).map(({ id }) => id)).toEqual(["e2"]);
});

it("what a search found is marked in its own field only", () => {
  const matches = [
    { field: "display_name" as const, start: 0, end: 3 },
    { field: "identifier" as const, start: 1, end: 2 },
  ];
  expect(rangesIn({ matches }, "identifier")).toEqual([matches[1]]);
  expect(rangesIn({ matches: [] }, "identifier")).toEqual([]);
});
