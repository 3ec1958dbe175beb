import type { Account, UpdateAccount } from "../../../api/account";
import { formatNumber } from "../../../format";
import { account as texts } from "../../../texts/en/account";
import { minutesOf, minutesText } from "../minutes";

/** The changeable settings of an account. */
export interface Draft {
  name: string;
  factorRequired: boolean;
  providerFactorCounts: boolean;
  ssoOnly: boolean;
  /** Minutes of an absence after which conversations wait again; empty for never. */
  requeueAfter: string;
}

export const labels: Record<keyof Draft, string> = {
  name: texts.name,
  factorRequired: texts.factorRequired,
  providerFactorCounts: texts.providerFactorCounts,
  ssoOnly: texts.ssoOnly,
  requeueAfter: texts.requeueAfter,
};

export const apiNames: Partial<Record<keyof Draft, string>> = {
  factorRequired: "rules.factor_required",
  providerFactorCounts: "rules.provider_factor_counts",
  ssoOnly: "rules.sso_only",
  requeueAfter: "rules.requeue_after_minutes",
};

export function draftOf({ name, rules }: Account): Draft {
  return {
    name,
    factorRequired: rules.factor_required,
    providerFactorCounts: rules.provider_factor_counts,
    ssoOnly: rules.sso_only,
    requeueAfter: minutesText(rules.requeue_after_minutes),
  };
}

/** The changes only: what stayed is left to whoever else changes it. */
export function toUpdate(draft: Draft, saved: Draft): UpdateAccount {
  const rules: NonNullable<UpdateAccount["rules"]> = {};
  if (draft.factorRequired !== saved.factorRequired) rules.factor_required = draft.factorRequired;
  if (draft.providerFactorCounts !== saved.providerFactorCounts) {
    rules.provider_factor_counts = draft.providerFactorCounts;
  }
  if (draft.ssoOnly !== saved.ssoOnly) rules.sso_only = draft.ssoOnly;
  const minutes = minutesOf(draft.requeueAfter) ?? null;
  if (minutes !== (minutesOf(saved.requeueAfter) ?? null)) rules.requeue_after_minutes = minutes;
  const update: UpdateAccount = {};
  if (draft.name.trim() !== saved.name) update.name = draft.name.trim();
  if (Object.keys(rules).length > 0) update.rules = rules;
  return update;
}

/** A value in words. */
export function wordsOf(name: keyof Draft, draft: Draft): string {
  const value = draft[name];
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (name !== "requeueAfter") return value;
  const minutes = minutesOf(value);
  return minutes == null ? texts.requeueNever : texts.minutes(formatNumber(minutes));
}

const YEAR = 365;

export function daysInWords(days: number): string {
  if (days === 0) return texts.forEver;
  return days % YEAR === 0 ? texts.years(days / YEAR) : texts.days(days);
}

/** The fields in which a draft differs from what somebody else saved meanwhile. */
export function differences(mine: Draft, theirs: Draft) {
  return (Object.keys(labels) as (keyof Draft)[])
    .filter((name) => mine[name] !== theirs[name])
    .map((name) => ({ label: labels[name], mine: wordsOf(name, mine), theirs: wordsOf(name, theirs) }));
}

/** The consequences of a change for the members, in sentences; empty if there are none. */
export function consequences(draft: Draft, saved: Draft): string[] {
  const found: string[] = [];
  if (draft.factorRequired && !saved.factorRequired) found.push(texts.confirmFactor);
  if (draft.ssoOnly && !saved.ssoOnly) found.push(texts.confirmSso);
  return found;
}

export interface Standing {
  isSetUp: boolean;
  /** Undefined if the person may not see the login methods. */
  isTried: boolean | undefined;
  isSignedInThere: boolean;
}

/** Whether a condition of single sign-on only is not met, as far as that is known here. The API decides. */
export function standsInWay({ isSetUp, isTried, isSignedInThere }: Standing): boolean {
  return !isSetUp || isTried === false || !isSignedInThere;
}
