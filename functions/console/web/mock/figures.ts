import type { FigureDay, Figures, MemberLoad, Spread } from "../src/api/figures";
import { members } from "./data.ts";
import { ok, type Routes } from "./reply.ts";

const DAY = 24 * 60 * 60 * 1000;

function spread(count: number, median: number): Spread {
  if (count === 0) return { count, mean_seconds: null, median_seconds: null, p90_seconds: null };
  return { count, mean_seconds: Math.round(median * 1.2), median_seconds: median, p90_seconds: median * 3 };
}

/** Numbers that rise and fall with the days, and are low at weekends. */
function figuresOf(day: number, isOfTeam: boolean): Figures {
  const isWeekend = [0, 6].includes(new Date(day * DAY).getUTCDay());
  const many = isWeekend ? day % 3 : 8 + ((day * 7) % 11);
  return {
    requests: isOfTeam ? null : many,
    decisions: isOfTeam ? null : Math.max(0, many - (day % 3)),
    time_to_decision: isOfTeam ? null : spread(many, 600 + (day % 9) * 300),
    waiting_time: spread(many * 2, 15 + (day % 5) * 20),
    time_to_first_reply: spread(many * 2, 90 + (day % 7) * 60),
    missed_first_replies: day % 4,
  };
}

const sum = (days: readonly FigureDay[], of: (figures: Figures) => number) =>
  days.reduce((total, { figures }) => total + of(figures), 0);

function totalOf(days: readonly FigureDay[], isOfTeam: boolean): Figures {
  return {
    requests: isOfTeam ? null : sum(days, ({ requests }) => requests ?? 0),
    decisions: isOfTeam ? null : sum(days, ({ decisions }) => decisions ?? 0),
    time_to_decision: isOfTeam
      ? null
      : spread(
          sum(days, ({ time_to_decision: time }) => time?.count ?? 0),
          1500,
        ),
    waiting_time: spread(
      sum(days, ({ waiting_time: time }) => time.count),
      45,
    ),
    time_to_first_reply: spread(
      sum(days, ({ time_to_first_reply: time }) => time.count),
      240,
    ),
    missed_first_replies: sum(days, ({ missed_first_replies: missed }) => missed),
  };
}

/** Figures of a project. */
export const figuresRoutes: Routes = [
  [
    "GET /v1/projects/*/figures",
    ({ query }) => {
      const [first, last] = ["from", "to"].map((name) => Math.floor(Date.parse(query.get(name) ?? "") / DAY));
      const isOfTeam = query.has("team_id");
      const days: FigureDay[] = [];
      for (let day = first ?? 0; day <= (last ?? 0); day += 1) {
        days.push({ date: new Date(day * DAY).toISOString().slice(0, 10), figures: figuresOf(day, isOfTeam) });
      }
      const loads = members
        .filter(({ status }) => status === "active")
        .map(({ id, name }, place): MemberLoad => ({ id, name, load: place % 4, limit: 3 }));
      return ok({ days, total: totalOf(days, isOfTeam), members: loads });
    },
  ],
];
