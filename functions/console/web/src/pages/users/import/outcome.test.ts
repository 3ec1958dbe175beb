import { expect, it } from "vitest";
import { headersOf, importable, shareOf, stepOf, summaryOf, twiceIn } from "./outcome";

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
  expect(stepOf({ dry_run: true, status: "running" })).toBe("check");
  expect(stepOf({ dry_run: true, status: "done" })).toBe("check");
  expect(stepOf({ dry_run: false, status: "cancelled" })).toBe("import");
});

it("progress has a share once the number of rows is known (U410)", () => {
  expect(shareOf({ progress: { done: 5, total: null } })).toBeUndefined();
  expect(shareOf({ progress: { done: 5, total: 20 } })).toBe(0.25);
});

it("each field comes from one column (U410)", () => {
  expect(headersOf({ mapping: { Tel: "phone" }, unknown_columns: ["Notes", "Tel"] })).toEqual(["Tel", "Notes"]);
  expect(twiceIn({ Tel: "phone", Mobile: "phone", Notes: null, More: null })).toEqual(["phone"]);
  expect(twiceIn({ Tel: "phone", Mail: "email" })).toEqual([]);
});
