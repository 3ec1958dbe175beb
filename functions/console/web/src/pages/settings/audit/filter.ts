import type { AuditFilter } from "../../../api/audit";
import { dayAfter, dayStart } from "../../../days";

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
