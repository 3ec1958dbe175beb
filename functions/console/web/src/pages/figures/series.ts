import type { FigureDay, Figures, Spread } from "../../api/figures";
import { formatNumber, formatSpan } from "../../format";
import { figureTexts as texts } from "../../texts/en/figures";

/** One of the numbers that a chart shows for each day. */
export interface Series {
  key: string;
  title: string;
  value: (figures: Figures) => number | undefined;
}

/** A chart: its series, and how their numbers are written. */
export interface ChartKind {
  key: string;
  title: string;
  about: string;
  series: readonly Series[];
  /** A further number that only the table shows. */
  more?: Series;
  format: (value: number) => string;
}

/** “45 sec” below a minute and a half, else the largest unit. */
export function formatSeconds(seconds: number): string {
  if (seconds >= 90) return formatSpan(seconds * 1000);
  const style = { style: "unit", unit: "second", unitDisplay: "short" } as const;
  return new Intl.NumberFormat("en", style).format(Math.round(seconds));
}

function times(key: string, title: string, about: string, of: (figures: Figures) => Spread | null | undefined) {
  const median = (figures: Figures) => of(figures)?.median_seconds ?? undefined;
  const p90 = (figures: Figures) => of(figures)?.p90_seconds ?? undefined;
  return {
    key,
    title,
    about,
    series: [
      { key: "median", title: texts.median, value: median },
      { key: "p90", title: texts.p90, value: p90 },
    ],
    more: { key: "count", title: texts.count, value: (figures: Figures) => of(figures)?.count },
    format: formatSeconds,
  } satisfies ChartKind;
}

/** The charts about access requests. */
export const OF_REQUESTS: readonly ChartKind[] = [
  {
    key: "requests",
    title: texts.requests,
    about: texts.requestsAbout,
    series: [
      { key: "requests", title: texts.requestsMade, value: ({ requests }) => requests ?? undefined },
      { key: "decisions", title: texts.decisions, value: ({ decisions }) => decisions ?? undefined },
    ],
    format: formatNumber,
  },
  times("decision", texts.timeToDecision, texts.timeToDecisionAbout, ({ time_to_decision }) => time_to_decision),
];

/** The charts about conversations. */
export const OF_CONVERSATIONS: readonly ChartKind[] = [
  times("waiting", texts.waitingTime, texts.waitingTimeAbout, ({ waiting_time }) => waiting_time),
  times("reply", texts.firstReply, texts.firstReplyAbout, ({ time_to_first_reply }) => time_to_first_reply),
  {
    key: "missed",
    title: texts.missed,
    about: texts.missedAbout,
    series: [{ key: "missed", title: texts.missedCount, value: ({ missed_first_replies: missed }) => missed }],
    format: formatNumber,
  },
];

/** A number in words, or a dash for none. */
export function written({ format }: Pick<ChartKind, "format">, value: number | undefined): string {
  return value === undefined ? texts.none : format(value);
}

/** Whether there is anything to show in a range. */
export function isEmpty({ requests, decisions, waiting_time, time_to_first_reply, ...rest }: Figures): boolean {
  const counts = [waiting_time.count, time_to_first_reply.count, rest.missed_first_replies];
  return [requests ?? 0, decisions ?? 0, ...counts].every((count) => count === 0);
}

/** A bar of a chart, in shares of its width and height. */
export interface Bar {
  key: string;
  /** Place of its series. */
  series: number;
  x: number;
  width: number;
  height: number;
}

/** The bars of a chart, one for each number, and the largest number. */
export function barsOf(
  { series }: Pick<ChartKind, "series">,
  days: readonly FigureDay[],
): { bars: Bar[]; max: number } {
  const values = days.map(({ figures }) => series.map(({ value }) => value(figures) ?? 0));
  const max = Math.max(0, ...values.flat());
  if (max === 0) return { bars: [], max };
  const step = 1 / days.length;
  const width = (step * 0.8) / series.length;
  const bars = days.flatMap(({ date }, day) =>
    series.map(({ key }, place) => ({
      key: `${date} ${key}`,
      series: place,
      x: (day + 0.1) * step + place * width,
      width,
      height: (values[day]?.[place] ?? 0) / max,
    })),
  );
  return { bars: bars.filter(({ height }) => height > 0), max };
}
