import { type ApiProblem, isProblem } from "../../api/problems";
import { formatList } from "../../format";
import { ownLogin as texts } from "../../texts/en/own-login";
import { Explained } from "../../ui";

/** A refusal because accounts would have no super admin, with their names; another error as it is. */
export function explainLastAdmin(error: unknown): unknown {
  if (!isProblem(error, "last-super-admin-of")) return error;
  return new Explained(texts.lastAdminTitle(namesOf(error)), texts.lastAdmin);
}

/** A refusal because accounts let their members in at a provider only, with their names; another error as it is. */
export function explainRequired(error: unknown): unknown {
  if (!isProblem(error, "identity-required-by")) return error;
  return new Explained(texts.requiredTitle(namesOf(error)), texts.required);
}

function namesOf(error: ApiProblem): string {
  return formatList((error.body.accounts ?? []).map(({ name }) => name));
}
