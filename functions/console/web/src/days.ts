/** Milliseconds by which a time zone is ahead of UTC at a time. */
function aheadOfUtc(at: number, timeZone: string | undefined): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** The time at which a day begins in a time zone; the browser's if none is named. */
export function dayStart(day: string, timeZone?: string): string {
  const written = Date.parse(`${day}T00:00:00Z`);
  const near = written - aheadOfUtc(written, timeZone);
  return new Date(written - aheadOfUtc(near, timeZone)).toISOString();
}

export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}
