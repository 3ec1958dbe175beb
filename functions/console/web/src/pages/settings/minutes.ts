/** Longest time that a setting in minutes takes: a week. */
const MINUTES_MAX = 7 * 24 * 60;

/** The minutes that a text means; null for none, undefined if it is no such number. */
export function minutesOf(text: string): number | null | undefined {
  const typed = text.trim();
  if (typed === "") return null;
  const minutes = /^\d{1,6}$/.test(typed) ? Number(typed) : Number.NaN;
  return minutes >= 1 && minutes <= MINUTES_MAX ? minutes : undefined;
}

/** Minutes as a form shows them; empty for none. */
export function minutesText(minutes: number | null | undefined): string {
  return minutes == null ? "" : String(minutes);
}
