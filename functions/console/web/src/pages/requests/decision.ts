import type { AccessRequest } from "../../api/access-requests";
import type { DecisionBody } from "../../api/request-decisions";
import { formatSpan } from "../../format";
import { decisions } from "../../texts/en/decisions";
import { type DirectoryValues, directoryBody, initialDirectory } from "./directory";

export interface DecisionValues extends DirectoryValues {
  note: string;
}

/** The values with which a decision begins. */
export function initialValues({ suggested_end_user: suggested }: AccessRequest, mayLink: boolean): DecisionValues {
  return { note: "", ...initialDirectory(suggested ?? null, mayLink) };
}

/** The decision as the API takes it. A person who belongs to a user already needs no choice. */
export function decisionBody(
  verb: "approve" | "reject",
  { note, ...choice }: DecisionValues,
  isLinked: boolean,
): DecisionBody {
  const words = note.trim() || null;
  if (verb === "reject" || isLinked) return { note: words };
  return { note: words, ...directoryBody(choice) };
}

/** When a rejected person may ask again. */
export function cooldownWords(seconds: number | undefined): string {
  if (seconds === undefined) return decisions.againUnknown;
  return seconds === 0 ? decisions.againAtOnce : decisions.againIn(formatCooldown(seconds));
}

/** “24 hours”, as admins set it, rather than “1 day”. */
function formatCooldown(seconds: number): string {
  const hours = seconds / 3_600;
  const isInHours = Number.isInteger(hours) && hours <= 48;
  return isInHours ? decisions.hours(hours) : formatSpan(seconds * 1_000);
}
