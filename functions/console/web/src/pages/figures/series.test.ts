import { describe, expect, it } from "vitest";
import type { FigureDay, Figures } from "../../api/figures";
import { barsOf, formatSeconds, isEmpty, OF_CONVERSATIONS, OF_REQUESTS, written } from "./series";

const NONE = { count: 0, mean_seconds: null, median_seconds: null, p90_seconds: null };
const figures = (more: Partial<Figures> = {}): Figures => ({
  requests: 0,
  decisions: 0,
  time_to_decision: NONE,
  waiting_time: NONE,
  time_to_first_reply: NONE,
  missed_first_replies: 0,
  ...more,
});
const day = (date: string, more?: Partial<Figures>): FigureDay => ({ date, figures: figures(more) });

describe("the charts of the figures (U608)", () => {
  it("write a time in its largest unit, and short ones in seconds", () => {
    expect([0, 45, 89, 90, 3600].map(formatSeconds)).toEqual(["0 sec", "45 sec", "89 sec", "2 min", "1 hr"]);
  });

  it("have a bar for each number above nothing, the largest as high as the chart", () => {
    const [requests] = OF_REQUESTS;
    if (!requests) throw new Error("no chart");
    const days = [day("2026-11-29", { requests: 4, decisions: 1 }), day("2026-11-30", { requests: 2 })];
    const { bars, max } = barsOf(requests, days);
    expect(max).toBe(4);
    expect(bars.map(({ key, height }) => [key, height])).toEqual([
      ["2026-11-29 requests", 1],
      ["2026-11-29 decisions", 0.25],
      ["2026-11-30 requests", 0.5],
    ]);
    for (const { x, width } of bars) expect(x >= 0 && x + width <= 1).toBe(true);
    expect(barsOf(requests, [day("2026-11-30")])).toEqual({ bars: [], max: 0 });
  });

  it("tell a day without a time from one with a short one", () => {
    const [waiting] = OF_CONVERSATIONS;
    const [median] = waiting?.series ?? [];
    if (!waiting || !median) throw new Error("no chart");
    const short = figures({ waiting_time: { count: 1, mean_seconds: 0, median_seconds: 0, p90_seconds: 0 } });
    expect(written(waiting, median.value(figures()))).toBe("–");
    expect(written(waiting, median.value(short))).toBe("0 sec");
    expect(waiting.more?.value(short)).toBe(1);
  });

  it("are empty without any number", () => {
    expect(isEmpty(figures({ requests: null, decisions: null }))).toBe(true);
    expect(isEmpty(figures({ missed_first_replies: 1 }))).toBe(false);
    expect(isEmpty(figures({ waiting_time: { ...NONE, count: 1 } }))).toBe(false);
  });
});
