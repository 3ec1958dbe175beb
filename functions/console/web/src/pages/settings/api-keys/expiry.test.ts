import { describe, expect, it } from "vitest";
import { endAfter, expiryOf, renewedEnd } from "./expiry";

const now = Date.parse("2026-11-29T10:00:00Z");

describe("the end of an API key (U511, D29)", () => {
  it("is marked from 14 days before", () => {
    expect(expiryOf("2027-02-20T10:00:00Z", now)).toEqual({ state: "later" });
    expect(expiryOf("2026-12-14T10:00:00Z", now)).toEqual({ state: "later" });
    expect(expiryOf("2026-12-13T10:00:00Z", now)).toEqual({ state: "soon", days: 14 });
    expect(expiryOf("2026-12-05T09:59:00Z", now)).toEqual({ state: "soon", days: 6 });
    expect(expiryOf("2026-11-29T18:00:00Z", now)).toEqual({ state: "soon", days: 0 });
  });

  it("is over at its very time", () => {
    expect(expiryOf("2026-11-29T10:00:00Z", now)).toEqual({ state: "expired" });
    expect(expiryOf("2026-11-29T10:00:01Z", now)).toEqual({ state: "soon", days: 0 });
  });

  it("counts from now, and a renewal never makes it earlier", () => {
    expect(endAfter(30, now)).toBe("2026-12-29T10:00:00.000Z");
    expect(renewedEnd("2026-12-01T00:00:00Z", 30, now)).toBe("2026-12-29T10:00:00.000Z");
    expect(renewedEnd("2027-12-01T00:00:00Z", 30, now)).toBe("2027-12-01T00:00:00Z");
  });
});
