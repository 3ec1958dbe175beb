import { describe, expect, it } from "vitest";
import { day, flag, oneOf, text } from "./search";

describe("search parameters (U111)", () => {
  it("take a text as it is meant", () => {
    expect(text({ q: "  ana " }, "q")).toBe("ana");
    expect(text({ q: 42 }, "q")).toBe("42");
    expect(text({ q: "x".repeat(900) }, "q")).toHaveLength(500);
  });

  it.each([{}, { q: "" }, { q: "  " }, { q: null }, { q: ["a"] }, { q: { a: 1 } }])("leave %o out", (raw) => {
    expect(text(raw, "q")).toBeUndefined();
  });

  it("take one of the words that there are", () => {
    expect(oneOf({ status: "active" }, "status", ["active", "pending"])).toBe("active");
    expect(oneOf({ status: "gone" }, "status", ["active", "pending"])).toBeUndefined();
  });

  it("take a day that exists", () => {
    expect(day({ from: "2026-11-22" }, "from")).toBe("2026-11-22");
    expect(day({ from: "2026-13-40" }, "from")).toBeUndefined();
    expect(day({ from: "yesterday" }, "from")).toBeUndefined();
  });

  it("take a flag, however it is written", () => {
    expect([true, "true", 1].map((value) => flag({ create: value }, "create"))).toEqual([true, true, true]);
    expect(["no", false, 0, undefined].map((value) => flag({ create: value }, "create"))).toEqual(
      Array.from({ length: 4 }),
    );
  });
});
