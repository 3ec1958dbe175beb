import { describe, expect, it } from "vitest";
import { timeOf } from "./ulid";

describe("an id", () => {
  it("begins with its time", () => {
    expect(timeOf("01ARZ3NDEKTSV4RRFFQ69G5FAV")).toBe(Date.parse("2016-07-30T23:54:10.259Z"));
  });

  it("has no time if it is none", () => {
    for (const text of [
      "",
      "member:01ARZ3NDEKTSV4RRFFQ69G5FAV",
      "81ARZ3NDEKTSV4RRFFQ69G5FAV",
      "01ARZ3NDEKTSV4RRFFQ69G5FAI",
    ]) {
      expect(timeOf(text), text).toBeUndefined();
    }
  });
});
