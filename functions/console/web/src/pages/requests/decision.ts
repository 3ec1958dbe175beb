import type { AccessRequest, DecisionBody, Directory } from "../../api/access-requests";
import { formatSpan } from "../../format";
import { requests as texts } from "../../texts/en/requests";

export const NOTE_MAX = 4_000;

export interface DecisionValues {
  note: string;
  directory: Directory["action"];
  /** Id of the user to add to. */
  endUser: string;
}

/** The values with which a decision begins. A user with the same number is chosen; one with the same address only suggested. */
export function initialValues({ suggested_end_user: suggested }: AccessRequest): DecisionValues {
  return suggested?.reason === "same_phone"
    ? { note: "", directory: "add_to_existing", endUser: suggested.id }
    : { note: "", directory: "create_new", endUser: "" };
}

export function noteRule(note: string): string | undefined {
  return note.trim().length > NOTE_MAX ? texts.noteTooLong : undefined;
}

/** The decision as the API takes it. A person who belongs to a user already needs no choice. */
export function decisionBody(
  verb: "approve" | "reject",
  { note, directory, endUser }: DecisionValues,
  isLinked: boolean,
): DecisionBody {
  const words = note.trim() || null;
  if (verb === "reject" || isLinked) return { note: words };
  const choice: Directory =
    directory === "add_to_existing" ? { action: directory, end_user_id: endUser } : { action: directory };
  return { note: words, directory: choice };
}

/** When a rejected person may ask again. */
export function cooldownWords(seconds: number | undefined): string {
  if (seconds === undefined) return texts.againUnknown;
  return seconds === 0 ? texts.againAtOnce : texts.againIn(formatCooldown(seconds));
}

/** “24 hours”, as admins set it, rather than “1 day”. */
function formatCooldown(seconds: number): string {
  const hours = seconds / 3_600;
  const isInHours = Number.isInteger(hours) && hours <= 48;
  return isInHours ? texts.hours(hours) : formatSpan(seconds * 1_000);
}
