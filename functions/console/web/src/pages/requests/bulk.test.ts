import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BulkResult } from "../../api/request-decisions";
import { setTimeSettings } from "../../format";
import { outcomeOf } from "./bulk";

const NOW = Date.parse("2026-11-22T15:00:00Z");

const result = (id: string, outcome: BulkResult["outcome"], more: object = {}): BulkResult => ({
  id,
  outcome,
  ...more,
});
const rejectedByAna = {
  problem: { decision: { verdict: "reject", by: "Ana", at: "2026-11-22T14:03:00Z" } },
} as Partial<BulkResult>;

beforeAll(() => setTimeSettings({ timeZone: "UTC", hourCycle: "h23" }));
afterAll(() => setTimeSettings({}));

describe("the outcome of a bulk decision (U210, B32)", () => {
  it("counts what was done, and names whoever was first", () => {
    const done = Array.from({ length: 10 }, (_, index) => result(`d${index}`, "decided"));
    const results = [...done, result("c", "already", rejectedByAna), result("b", "blocked")];
    const outcome = outcomeOf("approve", results, NOW);
    expect(outcome.summary).toBe("10 approved. 1 was rejected by Ana at 14:03. 1 is blocked.");
    expect(outcome.done).toHaveLength(10);
    expect([...outcome.decided]).toEqual([["c", "Rejected by Ana at 14:03"]]);
    expect([...outcome.left.keys()]).toEqual(["b"]);
  });

  it("gives each row that is left its own reason", () => {
    const outcome = outcomeOf(
      "reject",
      [
        result("f", "failed", { problem: { title: "Something we need did not answer" } }),
        result("o", "forbidden"),
        result("g", "not_found"),
        result("c", "conflict", { problem: { title: "The record was changed by somebody else" } }),
      ],
      NOW,
    );
    expect(outcome.summary).toBe("1 is gone. 1 is not yours to decide. 2 could not be decided.");
    expect(outcome.left.get("f")).toBe("Something we need did not answer");
    expect(outcome.left.get("o")).toBe("Not yours to decide.");
    expect(outcome.left.get("c")).toBe("The record was changed by somebody else");
    expect(outcome.gone).toEqual(["g"]);
  });

  it("counts several that others decided", () => {
    const results = [result("c", "already", rejectedByAna), result("d", "already", rejectedByAna)];
    expect(outcomeOf("reject", results, NOW).summary).toBe("2 were decided by others.");
  });
});
