import type { Account, UpdateAccount } from "../../../api/account";
import { account as texts } from "../../../texts/en/account";

/** The changeable settings of an account. */
export interface Draft {
  name: string;
  factorRequired: boolean;
  providerFactorCounts: boolean;
  ssoOnly: boolean;
}

export const labels: Record<keyof Draft, string> = {
  name: texts.name,
  factorRequired: texts.factorRequired,
  providerFactorCounts: texts.providerFactorCounts,
  ssoOnly: texts.ssoOnly,
};

export const apiNames: Partial<Record<keyof Draft, string>> = {
  factorRequired: "rules.factor_required",
  providerFactorCounts: "rules.provider_factor_counts",
  ssoOnly: "rules.sso_only",
};

export function draftOf({ name, rules }: Account): Draft {
  return {
    name,
    factorRequired: rules.factor_required,
    providerFactorCounts: rules.provider_factor_counts,
    ssoOnly: rules.sso_only,
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
  const update: UpdateAccount = {};
  if (draft.name.trim() !== saved.name) update.name = draft.name.trim();
  if (Object.keys(rules).length > 0) update.rules = rules;
  return update;
}

/** A value in words. */
export function wordsOf(name: keyof Draft, draft: Draft): string {
  const value = draft[name];
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  return value;
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
