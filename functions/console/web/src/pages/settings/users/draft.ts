import type { InviteValues } from "./invitation-body";

let draft: InviteValues | undefined;

/** Keeps what was typed into the short form, for the full one. */
export function keepDraft(values: InviteValues): void {
  draft = values;
}

/** Takes the kept values, once. */
export function takeDraft(): InviteValues | undefined {
  const kept = draft;
  draft = undefined;
  return kept;
}
