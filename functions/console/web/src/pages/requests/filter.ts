import type { RequestQuery } from "../../api/access-requests";
import { dayAfter, dayStart } from "../../days";

/** Search and filters as they stand in the address. */
export interface Filters {
  tab?: "approved" | "history" | undefined;
  status?: "all" | undefined;
  q?: string | undefined;
  connector?: string | undefined;
  provider?: string | undefined;
  age?: "1d" | "7d" | "30d" | "dates" | undefined;
  /** First day, with `age=dates`. */
  from?: string | undefined;
  /** Last day, which counts too. */
  to?: string | undefined;
  order?: Order | undefined;
}

export type Order = "newest" | "oldest" | "last_message";
export type Status = "pending" | "approved" | "rejected" | "all";

export const AGES = ["1d", "7d", "30d", "dates"] as const;

const DAY = 24 * 60 * 60 * 1000;
const DAYS = { "1d": 1, "7d": 7, "30d": 30 } as const;

export function statusOf({ tab, status }: Filters): Status {
  if (tab === "approved") return "approved";
  return tab === "history" ? (status ?? "rejected") : "pending";
}

/** The orders that a list has: only people who wait are ordered by their last message. */
export function ordersOf(filters: Filters): readonly Order[] {
  return statusOf(filters) === "pending" ? ["oldest", "newest", "last_message"] : ["newest", "oldest"];
}

/** The order that was chosen, or the first one: whoever waits longest, and of what is decided, the latest. */
export function orderOf(filters: Filters): Order {
  const orders = ordersOf(filters);
  return orders.find((order) => order === filters.order) ?? orders[0] ?? "newest";
}

/** Whether the first day is after the last one. */
export function isBackwards({ age, from, to }: Filters): boolean {
  return age === "dates" && from !== undefined && to !== undefined && from > to;
}

/** The filters as the API takes them. Days are those of the person's time zone. */
export function toQuery(filters: Filters, timeZone: string | undefined, now: number): RequestQuery {
  const { q, connector, provider, age, from, to } = filters;
  const since = age && age !== "dates" ? new Date(now - DAYS[age] * DAY).toISOString() : undefined;
  const isByDates = age === "dates" && !isBackwards(filters);
  return {
    status: statusOf(filters),
    q,
    connector_id: connector,
    provider,
    created_after: isByDates && from ? dayStart(from, timeZone) : since,
    created_before: isByDates && to ? dayStart(dayAfter(to), timeZone) : undefined,
    order: orderOf(filters),
  };
}

/** The filters that are on, without the search and the order. */
export function countFilters({ connector, provider, age }: Filters): number {
  return [connector, provider, age].filter(Boolean).length;
}
