import type { ProblemBody } from "../../api/problems";
import type { BulkResult } from "../../api/request-decisions";
import { formatNumber } from "../../format";
import { decisions } from "../../texts/en/decisions";
import { requests as texts } from "../../texts/en/requests";
import { shortTime } from "./hint";

export interface BulkOutcome {
  /** In sentences. */
  summary: string;
  /** Ids that are decided as was asked. */
  done: string[];
  /** Ids that somebody decided before, with who and when. */
  decided: Map<string, string>;
  /** Ids that are gone. */
  gone: string[];
  /** Why the others are as they were. */
  left: Map<string, string>;
}

/** “Rejected by Ana at 14:03”, of a decision that stood before. */
export function standing(problem: ProblemBody | null | undefined, now: number): string | undefined {
  const decision = problem?.decision;
  if (!decision) return undefined;
  const verdict = decisions.wasDecided[decision.verdict] ?? decision.verdict;
  return texts.byAt(verdict, decision.by, shortTime(decision.at, now));
}

/** The outcome of a bulk decision, in words and for each row (U210). */
export function outcomeOf(verdict: "approve" | "reject", results: readonly BulkResult[], now: number): BulkOutcome {
  const of = (...kinds: BulkResult["outcome"][]) => results.filter(({ outcome }) => kinds.includes(outcome));
  const done = of("decided").map(({ id }) => id);
  const others = of("already");
  const gone = of("not_found").map(({ id }) => id);
  const [blocked, forbidden, failed] = [of("blocked"), of("forbidden"), of("conflict", "failed")];
  const count = (many: readonly unknown[]) => formatNumber(many.length);
  const sentences = [
    done.length > 0 && decisions.bulkDone(verdict, count(done)),
    othersWords(others, now),
    blocked.length > 0 && decisions.bulkBlocked(count(blocked)),
    gone.length > 0 && decisions.bulkGone(count(gone)),
    forbidden.length > 0 && decisions.bulkForbidden(count(forbidden)),
    failed.length > 0 && decisions.bulkFailed(count(failed)),
  ];
  const reasons = (some: readonly BulkResult[], words: string) => some.map(({ id }) => [id, words] as const);
  return {
    summary: sentences.filter(Boolean).join(" "),
    done,
    decided: new Map(others.map(({ id, problem }) => [id, standing(problem, now) ?? texts.gone])),
    gone,
    left: new Map([
      ...reasons(blocked, decisions.rowBlocked),
      ...reasons(forbidden, decisions.rowForbidden),
      ...failed.map(({ id, problem }) => [id, problem?.title ?? texts.rowFailed] as const),
    ]),
  };
}

function othersWords(others: readonly BulkResult[], now: number): string | undefined {
  const [first] = others;
  if (!first) return undefined;
  const decision = first.problem?.decision;
  if (others.length > 1 || !decision) return decisions.bulkOthers(formatNumber(others.length));
  const verdict = decisions.verdictWords[decision.verdict] ?? decision.verdict;
  return decisions.bulkOther(verdict, decision.by, shortTime(decision.at, now));
}
