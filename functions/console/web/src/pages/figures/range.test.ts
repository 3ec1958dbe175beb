import { describe, expect, it } from "vitest";
import { daysIn, rangeFault, rangeOf } from "./range";

const NOW = Date.parse("2026-11-30T23:30:00Z");

describe("the range of the figures (U608)", () => {
  it("is the last thirty days unless another one is chosen", () => {
    expect(rangeOf(undefined, undefined, NOW)).toEqual({ from: "2026-11-01", to: "2026-11-30" });
    expect(rangeOf(undefined, "2026-03-01", NOW)).toEqual({ from: "2026-01-31", to: "2026-03-01" });
    expect(rangeOf("2026-11-29", undefined, NOW)).toEqual({ from: "2026-11-29", to: "2026-11-30" });
  });

  it("counts both days", () => {
    expect(daysIn({ from: "2026-11-30", to: "2026-11-30" })).toBe(1);
    expect(daysIn({ from: "2026-10-24", to: "2026-10-26" })).toBe(3);
  });

  it("is refused if it ends before it begins, or is longer than 92 days", () => {
    expect(rangeFault({ from: "2026-11-30", to: "2026-11-30" })).toBeUndefined();
    expect(rangeFault({ from: "2026-08-31", to: "2026-11-30" })).toBeUndefined();
    expect(rangeFault({ from: "2026-08-30", to: "2026-11-30" })).toBe("long");
    expect(rangeFault({ from: "2026-12-01", to: "2026-11-30" })).toBe("backwards");
  });
});
