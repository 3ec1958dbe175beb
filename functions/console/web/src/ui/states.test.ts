import { expect, it } from "vitest";
import { busyWait } from "./states";

it("a busy service is tried after 5 s, then twice as long each time, up to a minute (U122)", () => {
  expect([0, 1, 2, 3, 4, 9].map(busyWait)).toEqual([5, 10, 20, 40, 60, 60]);
});
