/**
 * What the pages show and the API does not give yet: the fields stay empty until it does. Each goes once `schema.d.ts` has it, and with the
 * last one this file.
 */
import type { components } from "./schema";

/** Additions to an access request. */
export interface UpcomingRequest {
  /** Such as “#general”; null for a direct conversation. */
  conversation_name?: string | null;
}

/** Additions to a connector. */
export interface UpcomingConnector {
  /** Who answers its conversations. */
  handler?: "agent" | "team";
}

/** Additions to a chat user. */
export interface UpcomingChatUser {
  end_user?: components["schemas"]["UserNameResponse"] | null;
}
