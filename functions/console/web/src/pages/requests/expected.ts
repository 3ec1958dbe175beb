import type { RequestCounts } from "../../api/access-requests";

/** The part of the counts that tells whether a list may have changed. */
export interface Known {
  pending: number;
  approved: number;
  /** Undefined where a decision made here leaves open which one is the newest. */
  newest: string | null | undefined;
}

export function knownOf({ pending, approved, newest_pending }: RequestCounts): Known {
  return { pending: pending.count, approved: approved.count, newest: newest_pending?.id ?? null };
}

/** Whether the counts say something that the list does not know of. */
export function hasChanged(known: Known, counts: RequestCounts): boolean {
  const now = knownOf(counts);
  const isOtherNewest = known.newest !== undefined && known.newest !== now.newest;
  return isOtherNewest || known.pending !== now.pending || known.approved !== now.approved;
}

/** The counts that are expected after decisions made here: reading the list again for each would cost more than it tells. */
export function expectedAfter(
  known: Known,
  verb: "approve" | "reject",
  ids: readonly string[],
  counts: RequestCounts,
): Known {
  // Where counting stops, a decision changes no count.
  const pending = counts.pending.more ? 0 : ids.length;
  const approved = counts.approved.more || verb === "reject" ? 0 : ids.length;
  return {
    pending: known.pending - pending,
    approved: known.approved + approved,
    newest: known.newest != null && ids.includes(known.newest) ? undefined : known.newest,
  };
}
