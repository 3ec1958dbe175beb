import { expect, it } from "vitest";
import type { EndUser } from "../../api/end-users";
import { rowAfter } from "../../frame/use-row-keys";
import { nameOf, rangesInName } from "./names";

const ADA = {
  first_name: "Ada",
  middle_name: null,
  last_name: "Lovelace",
  full_name: "Ada Lovelace",
  email: null,
  phone_display: null,
} as EndUser;

it("what a search found in one of the names is marked at its place in the full name (U402)", () => {
  const inLast = { ...ADA, matches: [{ field: "last_name" as const, start: 0, end: 4 }] };
  expect(rangesInName(inLast)).toEqual([{ start: 4, end: 8 }]);
  const whole = { ...ADA, matches: [{ field: "full_name" as const, start: 2, end: 6 }] };
  expect(rangesInName(whole)).toEqual([{ start: 2, end: 6 }]);
  const middle = {
    ...ADA,
    middle_name: "King",
    matches: [
      { field: "middle_name" as const, start: 1, end: 2 },
      { field: "last_name" as const, start: 0, end: 1 },
      { field: "email" as const, start: 0, end: 1 },
    ],
  };
  expect(rangesInName(middle)).toEqual([
    { start: 5, end: 6 },
    { start: 9, end: 10 },
  ]);
});

it("a person without a name is called by phone number or e-mail address (U404)", () => {
  expect(nameOf(ADA)).toBe("Ada Lovelace");
  expect(nameOf({ ...ADA, full_name: "", phone_display: "+1 555-123-4567" })).toBe("+1 555-123-4567");
  expect(nameOf({ ...ADA, full_name: "", email: "a@b.example" })).toBe("a@b.example");
  expect(nameOf({ ...ADA, full_name: "" })).toBe("No name");
});

it("the row after a deleted one gets the focus, or else the one before (U152)", () => {
  expect(rowAfter(["a", "b", "c"], "b")).toBe("c");
  expect(rowAfter(["a", "b"], "b")).toBe("a");
  expect(rowAfter(["a"], "a")).toBeUndefined();
});
