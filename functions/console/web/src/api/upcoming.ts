/**
 * Shapes of the API that its document does not have yet. Each goes once `schema.d.ts` has it, and with the last one this file.
 */
import type { Client } from "openapi-fetch";
import { client } from "./client";
import type { Permission } from "./me";
import type { ProblemBody } from "./problems";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A number of records, up to the point at which the API stops counting. */
export interface Count {
  count: number;
  more: boolean;
}

export interface SuggestedEndUser {
  id: string;
  display_name: string;
  reason: "same_phone" | "same_email";
}

/** Fields that an access request gets. */
export interface AccessRequestAdditions {
  /** Null once it is deleted. */
  environment_name: string | null;
  channel: string | null;
  /** Null for a direct conversation. */
  conversation_name: string | null;
  /** From a rejection on, until the person may ask again. */
  new_request_possible_at?: string | null;
  expires_at?: string | null;
  blocked: boolean;
  suggested_end_user: SuggestedEndUser | null;
  end_user: { id: string; display_name: string } | null;
}

export type ReasonCode = Schemas["ReasonCodeName"] | "expired";

export type AccessRequest = Omit<Schemas["AccessRequestDetailsResponse"], "reason_code"> &
  AccessRequestAdditions & { reason_code?: ReasonCode | null };

export interface HeldBack {
  connector_id: string;
  connector_name: string;
  limit_per_minute: number;
  messages: number;
  since: string;
}

export interface RequestCounts {
  pending: Count;
  approved: Count;
  newest_pending: { id: string; created_at: string } | null;
  held_back: HeldBack[];
}

export interface RequestQuery {
  status?: "pending" | "approved" | "rejected" | "all" | undefined;
  /** Up to ten, separated by commas. */
  connector_id?: string | undefined;
  provider?: string | undefined;
  created_after?: string | undefined;
  created_before?: string | undefined;
  q?: string | undefined;
  order?: "newest" | "oldest" | "last_message" | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface Directory {
  action: "create_new" | "add_to_existing" | "none";
  end_user_id?: string;
}

export interface DecisionBody {
  note?: string | null;
  directory?: Directory;
}

export interface BulkBody {
  decision: "approve" | "reject";
  ids: string[];
  note?: string | null;
  directory?: { action: "create_new" | "none" };
}

export interface BulkResult {
  id: string;
  /** `already`: another decision stands. `conflict`: others kept changing the same records. */
  outcome: "decided" | "already" | "conflict" | "blocked" | "not_found" | "forbidden" | "failed";
  request?: AccessRequest | null;
  problem?: ProblemBody | null;
}

/** What the access rules say of a sender, and why. */
export interface Explanation {
  decision: "deliver" | "approve_and_deliver" | "onboard" | "ignore" | "drop";
  reason: string;
  sentence: string;
  facts: { fact: string; holds: boolean; sentence: string }[];
  changes: { sentence: string; action?: string | null }[];
}

export interface ExplainBody {
  connector_id: string;
  identifier?: string;
  chat_user_id?: string;
}

/** An end user in a list of matches. */
export interface EndUser {
  id: string;
  full_name: string;
  email: string | null;
  phone_display: string | null;
}

/** A permission that the document does not list yet. */
export const upcomingPermission = (key: "end_users.read" | "end_users.write") => key as Permission;

interface Answers<Data> {
  200: { headers: Record<string, string>; content: { "application/json": Data } };
  400: { headers: Record<string, string>; content: { "application/problem+json": ProblemBody } };
}

interface Read<Parameters, Data> {
  get: { parameters: Parameters; responses: Answers<Data> };
}

interface Write<Path, Body, Data> {
  post: {
    parameters: { path: Path };
    requestBody: { content: { "application/json": Body } };
    responses: Answers<Data>;
  };
}

interface OfProject {
  project_id: string;
}

interface OfRequest extends OfProject {
  access_request_id: string;
}

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface UpcomingPaths {
  "/v1/projects/{project_id}/access-requests": Read<{ path: OfProject; query: RequestQuery }, Page<AccessRequest>>;
  "/v1/projects/{project_id}/access-requests/counts": Read<{ path: OfProject }, RequestCounts>;
  "/v1/projects/{project_id}/access-requests/export": Read<{ path: OfProject; query: RequestQuery }, string>;
  "/v1/projects/{project_id}/access-requests/decide": Write<OfProject, BulkBody, { results: BulkResult[] }>;
  "/v1/projects/{project_id}/access-requests/{access_request_id}": Read<{ path: OfRequest }, AccessRequest>;
  "/v1/projects/{project_id}/access-requests/{access_request_id}/approve": Write<
    OfRequest,
    DecisionBody,
    AccessRequest
  >;
  "/v1/projects/{project_id}/access-requests/{access_request_id}/reject": Write<OfRequest, DecisionBody, AccessRequest>;
  "/v1/projects/{project_id}/access-requests/{access_request_id}/revoke": Write<OfRequest, DecisionBody, AccessRequest>;
  "/v1/projects/{project_id}/explain": Write<OfProject, ExplainBody, Explanation>;
  "/v1/projects/{project_id}/end-users": Read<
    { path: OfProject; query: { q?: string | undefined; limit?: number } },
    Page<EndUser>
  >;
}

/** The same client, for calls that the document does not have yet. */
export const upcoming = client as unknown as Client<UpcomingPaths>;
