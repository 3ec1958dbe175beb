/**
 * Shapes and calls of connectors and chat users that infra/openapi.json does not have yet. Once it does, `schema.d.ts` takes this
 * file's place: each type here is then part of the generated one, and each `ahead` call an ordinary one of the client.
 */
import { client } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A number that the API counts up to 1,000. */
export type Count = Schemas["CountResponse"];

/** Additions to `ConnectorResponse`. */
export interface UpcomingConnector {
  /** Whether people of the directory are let in while the policy is `OnBoarding`. */
  preapprove_known_users?: boolean;
  new_requests_per_minute?: number;
  /** Days after which a pending request is closed; null for never. */
  requests_expire_after_days?: number | null;
  pending_count?: Count;
  last_message_at?: string | null;
  last_test?: { at: string; outcome: Schemas["SetUpStatus"]; problem?: string | null } | null;
  /** Who answers its conversations. */
  handler?: "agent" | "team";
}

/** Additions to `UpdateConnectorRequest` and `CreateConnectorRequest`. */
export type UpcomingConnectorChange = Partial<
  Pick<UpcomingConnector, "preapprove_known_users" | "new_requests_per_minute" | "requests_expire_after_days">
>;

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

export interface ChatUserCounts {
  onboarding: Count;
  active: Count;
  blocked: Count;
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
  post: <Data>(path: string, init: Init) => client.POST(path as never, init as never) as Promise<Answer<Data>>,
  patch: <Data>(path: string, init: Init) => client.PATCH(path as never, init as never) as Promise<Answer<Data>>,
};
