/**
 * Fields that the pages show and the API does not give yet: they stay empty until it does. Each goes once `schema.d.ts` has it, and with the
 * last one this file.
 */

/** Additions to a connector. */
export interface UpcomingConnector {
  /** Time of the last message of a person; null for none yet. */
  last_message_at?: string | null;
  /** Side that answers its conversations. */
  handler?: "agent" | "team";
}

/** Additions to a field of a connector. */
export interface UpcomingField {
  label?: string;
  placeholder?: string;
}
