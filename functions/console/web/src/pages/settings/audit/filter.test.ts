import { describe, expect, it } from "vitest";
import { dayAfter, dayStart } from "../../../days";
import { canBeRecord, countFilters, isBackwards, toQuery } from "./filter";

describe("the filters of the audit log (U513)", () => {
  it("begin a day where the person's day begins", () => {
    expect(dayStart("2026-11-22", "UTC")).toBe("2026-11-22T00:00:00.000Z");
    expect(dayStart("2026-11-22", "Asia/Kathmandu")).toBe("2026-11-21T18:15:00.000Z");
    expect(dayStart("2026-11-22", "America/Los_Angeles")).toBe("2026-11-22T08:00:00.000Z");
  });

  it("know of days that are an hour shorter or longer", () => {
    // Clocks went forward at 01:00 UTC on 29 March 2026, back at 01:00 UTC on 25 October.
    expect(dayStart("2026-03-29", "Europe/Berlin")).toBe("2026-03-28T23:00:00.000Z");
    expect(dayStart("2026-03-30", "Europe/Berlin")).toBe("2026-03-29T22:00:00.000Z");
    expect(dayStart("2026-10-25", "Europe/Berlin")).toBe("2026-10-24T22:00:00.000Z");
    expect(dayStart("2026-10-26", "Europe/Berlin")).toBe("2026-10-25T23:00:00.000Z");
  });

  it("include the last day", () => {
    expect(toQuery({ from: "2026-11-22", to: "2026-11-22" }, "UTC")).toMatchObject({
      from: "2026-11-22T00:00:00.000Z",
      to: "2026-11-23T00:00:00.000Z",
    });
    expect(dayAfter("2026-12-31")).toBe("2027-01-01");
    expect(dayAfter("2028-02-28")).toBe("2028-02-29");
  });

  it("ask for nothing that is not set", () => {
    expect(Object.values(toQuery({})).every((value) => value === undefined)).toBe(true);
  });

  it("notice days in the wrong order, and names that no record has", () => {
    expect(isBackwards({ from: "2026-11-23", to: "2026-11-22" })).toBe(true);
    expect(isBackwards({ from: "2026-11-22", to: "2026-11-22" })).toBe(false);
    expect(isBackwards({ from: "2026-11-22" })).toBe(false);
    expect(canBeRecord("role:01JD3Q3Z9V8M4T6K2N7P5R1S0Y")).toBe(true);
    for (const text of ["role 1", "rôle:1", "a#b", "x".repeat(201)]) expect(canBeRecord(text), text).toBe(false);
  });

  it("are counted for the button of a phone (U161)", () => {
    expect(countFilters({ actor: "member:1", from: "2026-11-22" })).toBe(2);
    expect(countFilters({})).toBe(0);
  });
});
