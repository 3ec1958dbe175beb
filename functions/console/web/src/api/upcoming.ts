/**
 * Fields that the pages show and the API does not give yet: they stay empty until it does. Each goes once `schema.d.ts` has it, and with the
 * last one this file.
 */

/** Additions to a connector. */
export interface UpcomingConnector {
  /** Side that answers its conversations. */
  handler?: "agent" | "team";
}
