import { expect, it } from "vitest";
import { changeOf, differences, draftOf, erasesMessages, RULES } from "./draft";

const STORED = draftOf({ name: "Help desk", history_days: 30 });

it("only what differs of a project is sent, and a shorter history erases messages (U413)", () => {
  expect(changeOf(STORED, { name: " Help desk ", days: "030" })).toEqual({});
  expect(changeOf(STORED, { name: "Sales", days: "7" })).toEqual({ name: "Sales", history_days: 7 });
  expect(erasesMessages(STORED, { ...STORED, days: "7" })).toBe(true);
  expect(erasesMessages(STORED, { ...STORED, days: "31" })).toBe(false);
});

it("a history is a whole number of days from 0 to 365 (U413)", () => {
  for (const days of ["0", "365"]) expect(RULES.days?.(days, STORED)).toBeUndefined();
  for (const days of ["", "366", "-1", "1.5"]) expect(RULES.days?.(days, STORED)).toMatch(/from 0 to 365/);
});

it("two people's wishes for a project are compared field by field (U132)", () => {
  expect(differences({ ...STORED, days: "7" }, STORED)).toEqual([{ label: "History", mine: "7", theirs: "30" }]);
});
