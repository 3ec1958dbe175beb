import { describe, expect, it } from "vitest";
import { countFilters, isBackwards, orderOf, statusOf, toQuery } from "./filter";

const NOW = Date.parse("2026-11-22T12:00:00Z");

describe("the filters of the access requests (U202, U203)", () => {
  it("begin with the oldest of the pending ones, and with the newest of the others", () => {
    expect(toQuery({}, "UTC", NOW)).toMatchObject({ status: "pending", order: "oldest" });
    expect(toQuery({ tab: "approved" }, "UTC", NOW)).toMatchObject({ status: "approved", order: "newest" });
    expect(toQuery({ tab: "history" }, "UTC", NOW)).toMatchObject({ status: "rejected", order: "newest" });
    expect(statusOf({ tab: "history", status: "all" })).toBe("all");
    expect(orderOf({ order: "last_message" })).toBe("last_message");
    // The API orders only those by their last message who wait.
    expect(orderOf({ order: "last_message", tab: "approved" })).toBe("newest");
  });

  it("count an age back from now", () => {
    expect(toQuery({ age: "1d" }, "UTC", NOW).created_after).toBe("2026-11-21T12:00:00.000Z");
    expect(toQuery({ age: "30d" }, "UTC", NOW).created_after).toBe("2026-10-23T12:00:00.000Z");
    expect(toQuery({ age: "7d" }, "UTC", NOW).created_before).toBeUndefined();
  });

  it("take days as those of the person's zone, the last one included", () => {
    const filters = { age: "dates", from: "2026-11-20", to: "2026-11-21" } as const;
    expect(toQuery(filters, "Asia/Kathmandu", NOW)).toMatchObject({
      created_after: "2026-11-19T18:15:00.000Z",
      created_before: "2026-11-21T18:15:00.000Z",
    });
    expect(toQuery({ ...filters, age: undefined }, "UTC", NOW).created_after).toBeUndefined();
  });

  it("notice days in the wrong order, and then ask for all", () => {
    const filters = { age: "dates", from: "2026-11-21", to: "2026-11-20" } as const;
    expect(isBackwards(filters)).toBe(true);
    expect(toQuery(filters, "UTC", NOW).created_after).toBeUndefined();
  });

  it("ask for nothing that is not set, and are counted for the button of a phone (U161)", () => {
    const { status, order, ...rest } = toQuery({}, "UTC", NOW);
    expect([status, order]).toEqual(["pending", "oldest"]);
    expect(Object.values(rest).every((value) => value === undefined)).toBe(true);
    expect(toQuery({ connector: "c", provider: "slack" }, "UTC", NOW)).toMatchObject({
      connector_id: "c",
      provider: "slack",
    });
    expect(countFilters({ connector: "c", age: "7d", q: "ada" })).toBe(2);
  });
});
