import { expect, it } from "vitest";
import { pollInterval } from "./polling";

it.each([
  [0, 15_000],
  [299_999, 15_000],
  [300_000, 60_000],
  [3_600_000, 60_000],
])("%i ms after the last input, a list is read again in %i ms (U124)", (sinceInput, interval) => {
  expect(pollInterval(sinceInput)).toBe(interval);
});
