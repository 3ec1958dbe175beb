import { describe, expect, it } from "vitest";
import type { RequestCounts } from "../../api/access-requests";
import { expectedAfter, hasChanged, knownOf } from "./expected";

const counts = (pending: number, approved: number, newest: string | null, more = false): RequestCounts => ({
  pending: { count: pending, more },
  approved: { count: approved, more: false },
  newest_pending: newest === null ? null : { id: newest, created_at: "2026-11-22T12:00:00Z" },
  held_back: [],
});

describe("the counts that are polled (U124)", () => {
  it("tell of arrivals and of others' decisions", () => {
    const known = knownOf(counts(3, 1, "c"));
    expect(hasChanged(known, counts(3, 1, "c"))).toBe(false);
    expect(hasChanged(known, counts(4, 1, "d"))).toBe(true);
    expect(hasChanged(known, counts(2, 2, "c"))).toBe(true);
    // One came while another one was rejected.
    expect(hasChanged(known, counts(3, 1, "d"))).toBe(true);
  });

  it("tell nothing new after a decision made here", () => {
    const before = counts(3, 1, "c");
    const known = knownOf(before);
    expect(hasChanged(expectedAfter(known, "approve", ["a"], before), counts(2, 2, "c"))).toBe(false);
    expect(hasChanged(expectedAfter(known, "reject", ["a", "b"], before), counts(1, 1, "c"))).toBe(false);
    expect(hasChanged(expectedAfter(known, "reject", ["c"], before), counts(2, 1, "b"))).toBe(false);
    expect(hasChanged(expectedAfter(known, "approve", ["a"], before), counts(1, 2, "c"))).toBe(true);
  });

  it("tell nothing new where counting has stopped", () => {
    const before = counts(1_000, 1, "c", true);
    expect(hasChanged(expectedAfter(knownOf(before), "reject", ["a"], before), counts(1_000, 1, "c", true))).toBe(
      false,
    );
  });
});
