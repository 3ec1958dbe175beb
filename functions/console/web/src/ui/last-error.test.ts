import { expect, test, vi } from "vitest";
import { failureOf, type Read } from "./last-error";

const read = (data: unknown, error: unknown, errorUpdatedAt: number): Read => ({
  data,
  error,
  errorUpdatedAt,
  refetch: vi.fn(),
});
const failed = { error: "the first", at: 7 };

test("An error stays while the read is tried again, until the next one or the data comes", () => {
  expect(failureOf(read(undefined, null, 0), undefined)).toBeUndefined();
  expect(failureOf(read(undefined, "the first", 7), undefined)).toEqual(failed);
  expect(failureOf(read(undefined, null, 7), failed)).toEqual(failed);
  expect(failureOf(read(undefined, "the second", 9), failed)).toEqual({ error: "the second", at: 9 });
  expect(failureOf(read([], null, 7), failed)).toBeUndefined();
});

test("The error of one query is not told of another", () => {
  expect(failureOf(read(undefined, null, 0), failed)).toBeUndefined();
  expect(failureOf(read(undefined, null, 9), failed)).toBeUndefined();
});

test("Data that was read before needs no word about a later failure", () => {
  expect(failureOf(read([], "the first", 7), undefined)).toBeUndefined();
});
