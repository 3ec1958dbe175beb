import { expect, it } from "vitest";
import type { Environment } from "../../api/environments";
import { environmentsLeft } from "./people";

it("a person can be approved where they are not approved yet", () => {
  const environments = [{ id: "e1" }, { id: "e2" }] as Environment[];
  const granted = [{ environment_id: "e1", granted_at: "2026-11-22T10:00:00Z", granted_by: "Ana" }];
  expect(environmentsLeft(environments, granted).map(({ id }) => id)).toEqual(["e2"]);
});
