import type { AuditFilter } from "../../../api/audit";

/** Filters as they stand in the address. */
export interface Filters {
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** First day. */
  from?: string | undefined;
  /** Last day, which counts too. */
  to?: string | undefined;
}

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

/** The filter as the API takes it. Days are those of the person's time zone. */
export function toQuery({ actor, action, target, from, to }: Filters, timeZone?: string): AuditFilter {
  return {
    actor,
    action,
    target,
    from: from && dayStart(from, timeZone),
    to: to && dayStart(dayAfter(to), timeZone),
  };
}

/** Whether the first day is after the last one. */
export function isBackwards({ from, to }: Filters): boolean {
  return from !== undefined && to !== undefined && from > to;
}

/** Whether a text can name a record. */
export function canBeRecord(target: string | undefined): boolean {
  return target === undefined || /^[!"$-~]{1,200}$/.test(target);
}

export function countFilters(filters: Filters): number {
  return [filters.actor, filters.action, filters.target, filters.from, filters.to].filter(Boolean).length;
}
