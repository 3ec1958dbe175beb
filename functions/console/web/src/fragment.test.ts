import { expect, it } from "vitest";
import { readOutcome } from "./fragment";

it.each([
  ["ok", { isDone: true, awaitsFactor: false, problem: undefined, reason: undefined }],
  ["factor", { isDone: false, awaitsFactor: true, problem: undefined, reason: undefined }],
  ["problem=not-bound", { isDone: false, awaitsFactor: false, problem: "not-bound", reason: undefined }],
  [
    "problem=sign-in-failed&reason=token%20endpoint%3A%20401",
    { isDone: false, awaitsFactor: false, problem: "sign-in-failed", reason: "token endpoint: 401" },
  ],
  ["", { isDone: false, awaitsFactor: false, problem: undefined, reason: undefined }],
])("the way back from a provider that ends in #%s", (fragment, outcome) => {
  expect(readOutcome(fragment)).toEqual(outcome);
});
