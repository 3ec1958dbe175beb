import { useSyncExternalStore } from "react";

/** The person's choices for times; an undefined one follows the browser. */
export interface TimeSettings {
  timeZone?: string | undefined;
  hourCycle?: "h12" | "h23" | undefined;
}

const DAY = 24 * 60 * 60 * 1000;

/** Words in the console's language; order, clock and separators as the browser's region has them. */
export function formattingLocale(language: string, browser: string): string {
  try {
    const region = new Intl.Locale(browser).maximize().region;
    return region ? `${language}-${region}` : language;
  } catch {
    return language;
  }
}

/** Only words, so one region does for all: this one writes “5 min ago”. */
const WORDS = "en-GB";
const locale = formattingLocale("en", globalThis.navigator?.language ?? "en-GB");

let settings: TimeSettings = {};
const listeners = new Set<() => void>();

export function setTimeSettings(next: TimeSettings): void {
  if (next.timeZone === settings.timeZone && next.hourCycle === settings.hourCycle) return;
  settings = next;
  for (const listener of listeners) listener();
}

export function useTimeSettings(): TimeSettings {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => settings,
  );
}

function zoned(options: Intl.DateTimeFormatOptions, { timeZone, hourCycle }: TimeSettings): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, { ...options, timeZone, ...(hourCycle ? { hourCycle } : {}) });
}

/** With the time of day: “09:05”, or “9:05 am” on a clock of twelve hours. */
function timed(options: Intl.DateTimeFormatOptions, by: TimeSettings): Intl.DateTimeFormat {
  const padded = zoned({ ...options, hour: "2-digit", minute: "2-digit" }, by);
  return padded.resolvedOptions().hour12 ? zoned({ ...options, hour: "numeric", minute: "2-digit" }, by) : padded;
}

/** “22 Nov 2026, 14:03” */
export function formatDateTime(at: string, by: TimeSettings = settings): string {
  return timed({ day: "numeric", month: "short", year: "numeric" }, by).format(new Date(at));
}

/** “22 Nov 2026” */
export function formatDate(at: string, by: TimeSettings = settings): string {
  return zoned({ day: "numeric", month: "short", year: "numeric" }, by).format(new Date(at));
}

/** “22 Nov”, with the year unless it is this one. */
export function formatDay(at: string, now: number = Date.now(), by: TimeSettings = settings): string {
  const year = (time: string | number) => zoned({ year: "numeric" }, by).format(new Date(time));
  if (year(at) !== year(now)) return formatDate(at, by);
  return zoned({ day: "numeric", month: "short" }, by).format(new Date(at));
}

/** The exact time, with its zone, and in UTC. */
export function formatExact(at: string, by: TimeSettings = settings): string {
  const date = new Date(at);
  const exact: Intl.DateTimeFormatOptions = { dateStyle: "long", timeStyle: "long" };
  const utc = date
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
  return `${zoned(exact, by).format(date)} (${utc})`;
}

/** “5 min ago” or “in 6 days”, for at most a day in the past; further back, date and time. */
export function formatRelative(at: string, now: number, by: TimeSettings = settings): string {
  const distance = Date.parse(at) - now;
  if (distance < -DAY) return formatDateTime(at, by);
  const words = new Intl.RelativeTimeFormat(WORDS, { style: "short", numeric: "auto" });
  const size = Math.abs(distance);
  if (size < 45_000) return words.format(0, "second");
  if (size < 59.5 * 60_000) return words.format(Math.round(distance / 60_000), "minute");
  if (size < 23.5 * 3_600_000) return words.format(Math.round(distance / 3_600_000), "hour");
  return words.format(Math.round(distance / DAY), "day");
}

/** “5 min”, “3 hr” or “6 days”: a length of time in its largest unit. */
export function formatSpan(milliseconds: number): string {
  const [value, unit] =
    milliseconds < 59.5 * 60_000
      ? [milliseconds / 60_000, "minute"]
      : milliseconds < 23.5 * 3_600_000
        ? [milliseconds / 3_600_000, "hour"]
        : [milliseconds / DAY, "day"];
  const style = { style: "unit", unit: String(unit), unitDisplay: "short" } as const;
  // British English has “5 mins” here, and yet “5 min ago”.
  return new Intl.NumberFormat("en", style).format(Math.max(1, Math.round(Number(value))));
}

/** A number with its digits grouped. */
export function formatNumber(value: number): string {
  // There is nothing to group, and the first formatter takes a slow computer long to make, before the first paint.
  if (Number.isInteger(value) && value >= 0 && value < 1_000) return String(value);
  return new Intl.NumberFormat(locale).format(value);
}

/** “12”, or “1,000+” where counting stopped. */
export function formatCount({ count, more }: { count: number; more: boolean }): string {
  return formatNumber(count) + (more ? "+" : "");
}

/** A phrase of the API as a line of its own. */
export function formatPhrase(phrase: string): string {
  return phrase.charAt(0).toUpperCase() + phrase.slice(1);
}

/** “Ana, Bo and Cy” */
export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(items);
}

/** “14:02” */
export function formatTime(at: number, by: TimeSettings = settings): string {
  return timed({}, by).format(at);
}
