/**
 * Shapes and calls of connectors and chat users that infra/openapi.json does not have yet. Once it does, `schema.d.ts` takes this
 * file's place: each type here is then part of the generated one, and each `ahead` call an ordinary one of the client.
 */
import { client } from "./client";

/** Additions to `ConnectorResponse`. */
export interface UpcomingConnector {
  /** Time of the last message of a person; null for none yet. */
  last_message_at?: string | null;
  /** Who answers its conversations. */
  handler?: "agent" | "team";
}

/** Additions to `ProviderFieldResponse`. */
export interface UpcomingField {
  label?: string;
  placeholder?: string;
}

/** A part of a field that a search found, in UTF-16 units. */
export interface Match {
  field: string;
  start: number;
  end: number;
}

export interface Named {
  id: string;
  display_name: string;
}

/** Additions to `ChatUserResponse`. */
export interface UpcomingChatUser {
  end_user?: Named | null;
  matches?: Match[];
}

/** Additions to `AccessRequestDetailsResponse`. */
export interface UpcomingRequest {
  environment_name?: string;
}

interface Init {
  params: {
    path: Record<string, string>;
    query?: Record<string, unknown>;
    header?: Record<string, string | undefined>;
  };
  body?: object;
  signal?: AbortSignal;
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** A call that the document does not have yet, or does not have in full. */
export const ahead = {
  get: <Data>(path: string, init: Init) => client.GET(path as never, init as never) as Promise<Answer<Data>>,
};
