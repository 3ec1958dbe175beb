import type { DecisionValues } from "./decision";

const drafts = new Map<string, DecisionValues>();

const keyOf = (request: string, verb: string) => `${verb} ${request}`;

/** Notes that are being written, for as long as the page lives: a form that moves from its row into the panel keeps them. */
export const decisionDrafts = {
  of: (request: string, verb: string): DecisionValues | undefined => drafts.get(keyOf(request, verb)),
  keep: (request: string, verb: string, values: DecisionValues): void => {
    drafts.set(keyOf(request, verb), values);
  },
  drop: (request: string, verb: string): void => {
    drafts.delete(keyOf(request, verb));
  },
};
