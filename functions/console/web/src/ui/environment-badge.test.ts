import { expect, it } from "vitest";
import { toneOfEnvironment } from "./environment-badge";

it("an environment has the colour of its name, and any other name is blue (U143)", () => {
  expect(["Development", "Staging", " PRODUCTION ", "Test bench"].map(toneOfEnvironment)).toEqual([
    "grey",
    "violet",
    "good",
    "blue",
  ]);
});
