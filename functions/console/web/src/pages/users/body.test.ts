import { expect, it } from "vitest";
import type { EndUser } from "../../api/end-users";
import type { Environment } from "../../api/environments";
import { BLANK, canBePhone, changeOf, createOf, differencesOf, movesPhone, rulesOf, valuesOf } from "./body";

const ADA = {
  first_name: "Ada",
  middle_name: null,
  last_name: "Lovelace",
  email: "ada@example.com",
  phone: "+15551234567",
  phone_display: "+1 555-123-4567",
  environments: [{ id: "E2", name: "Production" }],
} as EndUser;
const STORED = valuesOf(ADA);

function broken(values: typeof BLANK, rules: ReturnType<typeof rulesOf>) {
  return Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]) => {
      const message = (rule as (value: unknown, values: unknown) => string | undefined)(
        values[name as keyof typeof values],
        values,
      );
      return message ? [[name, message]] : [];
    }),
  );
}

it("a new user needs phone, first and last name and an environment, and is told so in the exact words (U406)", () => {
  expect(broken(BLANK, rulesOf(undefined))).toEqual({
    phone: "Phone number is required",
    first: "First name is required",
    last: "Last name is required",
    environments: "Please select at least one environment",
  });
  expect(broken({ ...BLANK, phone: "0151 2345678", email: "ada@" }, rulesOf(undefined))).toMatchObject({
    phone: "Enter the number in international format with at least 10 digits, for example +1 555-123-4567",
    email: "Invalid Email",
  });
});

it("whoever registered by writing may lack phone and last name, and keeps an environment all the same (U406)", () => {
  const stored = { ...STORED, phone: "", last: "" };
  expect(broken({ ...stored, environments: [] }, rulesOf(stored, "self_registered"))).toEqual({
    environments: "User must have at least one environment",
  });
  expect(broken({ ...STORED, phone: "" }, rulesOf(STORED))).toEqual({ phone: "Phone number is required" });
});

it("a number that stands already stays, at any length (U406)", () => {
  const short = { ...STORED, phone: "+376 312 345" };
  expect(broken(short, rulesOf(short))).toEqual({});
  expect(broken({ ...short, phone: "+376 312 346" }, rulesOf(short))).toHaveProperty("phone");
});

it("phone numbers are accepted as people write them (U405)", () => {
  for (const text of ["+1 555-123-4567", "0044 20 7946 0958", " +49 (1512) 345/6789", "+15551234567"]) {
    expect(canBePhone(text), text).toBe(true);
  }
  for (const text of ["555-123-4567", "+1 555", "+1 555-123-4567 ext. 9", "Ada"]) {
    expect(canBePhone(text), text).toBe(false);
  }
});

it("only what differs is sent, and null for what was emptied (U405)", () => {
  expect(changeOf(STORED, { ...STORED, phone: "+1 (555) 1234567" })).toEqual({});
  expect(changeOf(STORED, { ...STORED, email: " ", middle: "King", environments: ["E1", "E2"] })).toEqual({
    email: null,
    middle_name: "King",
    environment_ids: ["E1", "E2"],
  });
  expect(createOf({ ...STORED, email: "" })).toEqual({
    phone: "+1 555-123-4567",
    email: null,
    first_name: "Ada",
    middle_name: null,
    last_name: "Lovelace",
    environment_ids: ["E2"],
  });
});

it("a number moves only where there was one, and another is written (U408)", () => {
  expect(movesPhone(STORED, { ...STORED, phone: "+1 555-999-4567" })).toBe(true);
  expect(movesPhone(STORED, { ...STORED, phone: "+1 5551234567" })).toBe(false);
  expect(movesPhone({ ...STORED, phone: "" }, STORED)).toBe(false);
});

it("two people's wishes are compared field by field, environments by name (U132)", () => {
  const environments = [
    { id: "E1", name: "Staging" },
    { id: "E2", name: "Production" },
  ] as Environment[];
  const mine = { ...STORED, last: "King", environments: ["E1", "E2"] };
  expect(differencesOf(environments)(mine, STORED)).toEqual([
    { label: "Last Name", mine: "King", theirs: "Lovelace" },
    { label: "Environments", mine: "Staging and Production", theirs: "Production" },
  ]);
});
