import { expect, it } from "vitest";
import { skeletonDelay, skeletonShown } from "./skeleton-delay";

it("a skeleton waits 200 ms from the start of the wait, and goes on at once where another is or just was in sight", () => {
  expect(skeletonDelay(1_000)).toBe(200);
  expect(skeletonDelay(1_000, 850)).toBe(50);
  const gone = skeletonShown();
  expect(skeletonDelay(5_000)).toBe(0);
  gone(5_000);
  expect(skeletonDelay(5_199)).toBe(0);
  expect(skeletonDelay(5_200)).toBe(200);
});
