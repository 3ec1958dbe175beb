import { describe, expect, it } from "vitest";
import {
  formatCount,
  formatDateTime,
  formatDay,
  formatExact,
  formatPhrase,
  formatRelative,
  formatSpan,
  formatTime,
  formattingLocale,
} from "./format";

const KATHMANDU = { timeZone: "Asia/Kathmandu", hourCycle: "h23" } as const;
const NOW = Date.parse("2026-11-29T10:00:00Z");

describe("times (U140)", () => {
  it.each([
    ["de", "en-DE"],
    ["de-AT", "en-AT"],
    ["en-US", "en-US"],
    ["pt-BR", "en-BR"],
    ["not a language!", "en"],
  ])("follow the region of %s in the console's words", (browser, locale) => {
    expect(formattingLocale("en", browser)).toBe(locale);
  });

  it.each([
    ["2026-11-29T09:59:50Z", "now"],
    ["2026-11-29T09:55:00Z", "5 min ago"],
    ["2026-11-29T07:00:00Z", /3 hr?s?\.? ago/],
    ["2026-11-28T10:30:00Z", "yesterday"],
    ["2026-12-05T10:00:00Z", "in 6 days"],
  ])("%s is said as %s", (at, words) => {
    const said = formatRelative(at, NOW, KATHMANDU);
    if (typeof words === "string") expect(said).toBe(words);
    else expect(said).toMatch(words);
  });

  it.each([
    ["h12", /^9:05\s[ap]\.?m/i],
    ["h23", /^09:05$/],
  ] as const)("have two digits of hours on a clock of 24 hours alone: %s", (hourCycle, words) => {
    expect(formatTime(Date.parse("2026-11-29T09:05:00Z"), { timeZone: "UTC", hourCycle })).toMatch(words);
  });

  it("beyond a day are written out, in the zone of the profile", () => {
    const said = formatRelative("2026-11-22T08:18:00Z", NOW, KATHMANDU);
    expect(said).toBe(formatDateTime("2026-11-22T08:18:00Z", KATHMANDU));
    expect(said).toContain("14:03");
  });

  it("are exact in the tooltip, with the zone and in UTC", () => {
    const exact = formatExact("2026-11-22T08:18:00Z", KATHMANDU);
    expect(exact).toContain("14:03:00");
    expect(exact).toContain("2026-11-22 08:18:00 UTC");
  });

  it("name a day of this year without the year, as the person's zone counts it", () => {
    expect(formatDay("2026-11-20T08:00:00Z", NOW, KATHMANDU)).not.toContain("2026");
    expect(formatDay("2025-11-20T08:00:00Z", NOW, KATHMANDU)).toContain("2025");
    expect(formatDay("2025-12-31T23:30:00Z", NOW, KATHMANDU)).not.toContain("202");
  });
});

it("a length of time has the units of a time in the past (U140)", () => {
  const minute = 60_000;
  expect([1, 12, 180, 6 * 1440].map((minutes) => formatSpan(minutes * minute))).toEqual([
    "1 min",
    "12 min",
    "3 hr",
    "6 days",
  ]);
});

it("a count that stops at a thousand says so (U140)", () => {
  expect(formatCount({ count: 12, more: false })).toBe("12");
  expect(formatCount({ count: 1000, more: true })).toMatch(/^1.000\+$/);
});

it("A phrase begins with a capital where it is a line of its own", () => {
  expect(formatPhrase("timed out")).toBe("Timed out");
  expect(formatPhrase("")).toBe("");
});
