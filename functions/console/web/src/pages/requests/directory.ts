import type { AccessRequest } from "../../api/access-requests";
import type { Directory } from "../../api/request-decisions";

export type Suggested = AccessRequest["suggested_end_user"];

/** Whether an approved person becomes a user, and which (B38). */
export interface DirectoryValues {
  /** `by_number` leaves it to the API: the user with the same number, else a new one. */
  directory: Directory["action"] | "by_number";
  /** Id of the user to add to. */
  endUser: string;
}

/**
 * The choice with which an approval begins. A user with the same number is chosen; one with the same address only suggested. Without
 * the permission to link, the API finds the user with the number. Where it is not known who has the number, it finds out, too.
 */
export function initialDirectory(suggested: Suggested, mayLink: boolean): DirectoryValues {
  if (suggested === undefined) return { directory: "by_number", endUser: "" };
  if (suggested?.reason !== "same_phone") return { directory: "create_new", endUser: "" };
  return mayLink ? { directory: "add_to_existing", endUser: suggested.id } : { directory: "by_number", endUser: "" };
}

/** The choice as the API takes it. */
export function directoryBody({ directory, endUser }: DirectoryValues): { directory?: Directory } {
  if (directory === "by_number") return {};
  if (directory === "add_to_existing") return { directory: { action: directory, end_user_id: endUser } };
  return { directory: { action: directory } };
}
