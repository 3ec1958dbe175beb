import { expect, it } from "vitest";
import { offsetOf, zoneOptions } from "./time-zones";

const winter = new Date("2026-11-29T12:00:00Z");

it("tells how far a zone is from UTC, at that time of the year", () => {
  expect(offsetOf("Asia/Kathmandu", winter)).toBe("GMT+5:45");
  expect(offsetOf("Europe/Berlin", winter)).toBe("GMT+1");
  expect(offsetOf("Europe/Berlin", new Date("2026-07-01T12:00:00Z"))).toBe("GMT+2");
});

it("names zones as people read them", () => {
  expect(zoneOptions(["America/New_York"], null, winter)).toEqual([
    { value: "America/New_York", label: "America/New York (GMT-5)" },
  ]);
});

it("keeps a chosen zone that the browser does not list, or does not know", () => {
  expect(zoneOptions(["Europe/Lisbon"], "Asia/Katmandu", winter)[0]?.value).toBe("Asia/Katmandu");
  expect(zoneOptions([], "Mars/Olympus_Mons", winter)).toEqual([
    { value: "Mars/Olympus_Mons", label: "Mars/Olympus Mons" },
  ]);
});
