/** Most days of a range. */
export const DAYS_MAX = 92;
/** Days that are shown unless a range is chosen. */
const DAYS_SHOWN = 30;

const DAY = 24 * 60 * 60 * 1000;

/** A range of days, with both. */
export interface DayRange {
  from: string;
  to: string;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** The chosen range; the last thirty days where a day is missing. */
export function rangeOf(from: string | undefined, to: string | undefined, now: number): DayRange {
  const last = to ?? dayOf(now);
  return { from: from ?? dayOf(Date.parse(`${last}T00:00:00Z`) - (DAYS_SHOWN - 1) * DAY), to: last };
}

/** Number of days in a range; 0 or less if it ends before it begins. */
export function daysIn({ from, to }: DayRange): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY) + 1;
}

/** The reason why no figures can be read for a range. */
export function rangeFault(range: DayRange): "backwards" | "long" | undefined {
  const days = daysIn(range);
  if (days < 1) return "backwards";
  return days > DAYS_MAX ? "long" : undefined;
}
