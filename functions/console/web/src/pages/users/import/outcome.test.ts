import { expect, it } from "vitest";
import { choicesOf, importable, shareOf, stepOf, summaryOf, twiceIn } from "./outcome";

it("a check says what an import would do (U410)", () => {
  const record = { counts: { new: 1204, changed: 12, unchanged: 0, errors: 3 } };
  expect(summaryOf(record)).toBe("1,204 new, 12 changed, 3 errors");
  expect(importable(record)).toBe(1216);
  expect(summaryOf({ counts: { new: 0, changed: 0, unchanged: 5, errors: 1 } })).toBe(
    "0 new, 0 changed, 5 unchanged, 1 error",
  );
});

it("the step follows from the import itself, so that an address leads back to it (U410)", () => {
  expect(stepOf({ dry_run: true, status: "uploading" })).toBe("file");
  expect(stepOf({ dry_run: true, status: "checking" })).toBe("check");
  expect(stepOf({ dry_run: true, status: "checked" })).toBe("check");
  expect(stepOf({ dry_run: false, status: "cancelled" })).toBe("import");
  expect(stepOf({ dry_run: true, status: "stopped" })).toBe("check");
});

it("progress has a share once the number of rows is known (U410)", () => {
  expect(shareOf({ rows: null, settled: 5 })).toBeUndefined();
  expect(shareOf({ rows: 20, settled: 5 })).toBe(0.25);
});

it("each column can be assigned, and each field comes from one (U410)", () => {
  const columns = [
    { name: "Tel", field: "phone" as const },
    { name: "Notes", field: null },
  ];
  expect(choicesOf({ columns, mapping: [{ column: "Notes", field: "last_name" }] })).toEqual([
    { column: "Tel", field: "phone" },
    { column: "Notes", field: "last_name" },
  ]);
  const mobile = { column: "Mobile", field: "phone" as const };
  expect(twiceIn([{ column: "Tel", field: "phone" }, mobile, { column: "Notes", field: null }])).toEqual(["phone"]);
  expect(twiceIn([mobile, { column: "Mail", field: "email" }])).toEqual([]);
});
