/**
 * The team's work and the routing of conversations, as the API will give them: types that `schema.d.ts` lacks. Each goes once the schema has
 * it, and with the last one this file: `routing` is then the client itself.
 */
import type { Client as ApiClient } from "openapi-fetch";
import { client } from "./client";
import type { Permission } from "./me";
import type { components } from "./schema";

type Schemas = components["schemas"];
type Named = { id: string; name: string };

/** Permissions that the schema does not list yet. */
export const PERMISSION = {
  readTeams: "teams.read" as string as Permission,
  manageTeams: "teams.manage" as string as Permission,
  override: "routing.override" as string as Permission,
};

export type AvailabilityState = "available" | "away" | "offline";

export interface Availability {
  state: AvailabilityState;
  /** Channels on which nothing more is assigned for now. */
  paused: string[];
  since: string;
}

/** One's own availability, with the channels that one may be assigned. Without them, the desks tell. */
export interface MyAvailability extends Availability {
  channels?: string[];
}

/** Limits, channels by client, teams and skills of a member. */
export interface Work {
  /** The limit of each allowed channel. */
  channels: Record<string, number>;
  /** The channels of a client; a client that is not named has all allowed ones. */
  client_channels: Record<string, string[]>;
  /** Ids of teams. */
  teams: string[];
  skills: string[];
}

/** What a member lost because an allowed channel was taken away. */
export interface Pruned {
  client_id: string;
  channel: string;
}

/** Additions to a member. */
export interface UpcomingMember {
  work?: Work;
  availability?: Availability;
  pruned?: Pruned[];
}

/** Additions to a client. */
export interface UpcomingClient {
  /** Minutes within which the first reply is due; null for no limit. */
  first_reply_minutes?: number | null;
}

export interface Team extends Named {
  created_at: string;
  updated_at: string;
}

export interface Channel {
  key: string;
  /** Name for people. */
  name: string;
  /** Whether connectors bring it; then it stays. */
  of_connectors: boolean;
}

export type Presence = "available" | "away" | "offline" | "paused" | "inactive";

/** A member's place at a channel. */
export interface Seat extends Named {
  /** With 0, nothing is assigned automatically. */
  limit: number;
  load: number;
  presence: Presence;
}

/** The room that the available members have on a channel. */
export interface Desk {
  channel: string;
  name: string;
  limit: number;
  load: number;
  /** Conversations that wait. */
  waiting: number;
  /** Active members who answer there. */
  members: Seat[] | null;
}

/** The reason why a conversation waits. */
export interface WaitReason {
  code: string;
  text: string;
  /** Members who could take it; null where none could. */
  fit: number | null;
}

/** The facts on which an assignment was made. */
export interface Basis {
  text: string;
  load: number;
  limit: number;
  idle_seconds: number;
  fit: number;
  runners_up: (Named & { load: number; limit: number; idle_seconds: number })[];
}

/** A record by its name; null if it was deleted. */
export interface MaybeNamed {
  id: string;
  name: string | null;
}

/** The routing of a conversation, from its offer to the team until it is over. */
export interface Case {
  state: "offered" | "waiting" | "assigned" | "released";
  offered_at: string;
  client: MaybeNamed;
  /** Key of the channel. */
  channel: string;
  team: MaybeNamed | null;
  skills: string[];
  waits_because: WaitReason | null;
  assigned_to: MaybeNamed | null;
  assigned_at: string | null;
  /** Whether the member was at the limit when it was assigned by hand. */
  over_limit: boolean;
  /** Null if it was assigned by hand. */
  why: Basis | null;
  first_reply_at: string | null;
}

/** Whether the caller may write into a conversation, and within which limits. */
export interface ReplyStanding {
  allowed: boolean;
  /** The reason why not, such as `reply-window-closed`. */
  code: string | null;
  text: string | null;
  /** Characters of one message; a longer text is sent in pieces. */
  max_chars: number | null;
  /** Time until which the platform takes answers. */
  until: string | null;
}

/** Additions to a conversation. */
export interface UpcomingConversation {
  case?: Case | null;
  /** The person who wrote last. */
  person?: Named | null;
  /** The last message, in one line. */
  preview?: string | null;
  /** Only where one conversation is read. */
  reply?: ReplyStanding;
}

export type Conversation = Schemas["ConversationResponse"] & UpcomingConversation;

/** Additions to the author of a message. */
export interface UpcomingAuthor {
  kind: Schemas["AuthorKind"] | "member";
  /** Name of a member, at that time. */
  name?: string | null;
}

export type Message = Omit<Schemas["MessageResponse"], "author"> & {
  author: Omit<Schemas["MessageAuthorResponse"], "kind"> & UpcomingAuthor;
};

export const VIEWS = ["mine", "queue", "assigned", "agent", "all"] as const;
export type View = (typeof VIEWS)[number];
/** Numbers by view; null for views that the caller may not count. */
export type ConversationCounts = Record<View, Schemas["CountResponse"] | null>;

export type RoutingVerb = "offer" | "assign" | "claim" | "release" | "transfer" | "requeue" | "give_back";

/** A decision about a conversation, as a line of its thread. */
export interface Routed {
  id: string;
  at: string;
  by: Schemas["ActorResponse"];
  verb: RoutingVerb;
  member: MaybeNamed | null;
  team: MaybeNamed | null;
  why: Basis | null;
  over_limit: boolean;
  note: string | null;
}

export type TransferBody = { member_id: string; override?: boolean } | { team_id: string };

interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

interface Parameters {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  header?: Record<string, string | undefined>;
}

interface Operation<Of extends Parameters, Body, Answer> {
  parameters: Of;
  requestBody?: { content: { "application/json": Body } };
  responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Answer } } };
}

interface Command<Of extends Parameters, Body, Answer> extends Operation<Of, Body, Answer> {
  requestBody: { content: { "application/json": Body } };
}

type Paging = { cursor?: string | undefined; limit?: number | undefined };
type Tagged<Path> = { path: Path; header?: { "If-Match"?: string | undefined } };
type OfTeam = { team_id: string };
type OfChannel = { channel: string };
type OfProject = { project_id: string };
type OfConversation = OfProject & { conversation_id: string };
type Move<Body> = { post: Command<{ path: OfConversation }, Body, Conversation> };
type Nothing = Record<string, never>;

interface RoutingPaths {
  "/v1/teams": {
    get: Operation<{ query?: Paging }, never, Page<Team>>;
    post: Command<Nothing, { name: string }, Team>;
  };
  "/v1/teams/{team_id}": {
    get: Operation<{ path: OfTeam }, never, Team>;
    patch: Command<Tagged<OfTeam>, { name: string }, Team>;
    delete: Operation<Tagged<OfTeam>, never, undefined>;
  };
  "/v1/channels": {
    get: Operation<Nothing, never, Page<Channel>>;
    post: Command<Nothing, { key: string; name: string }, Channel>;
  };
  "/v1/channels/{channel}": { delete: Operation<{ path: OfChannel }, never, undefined> };
  "/v1/me/availability": {
    get: Operation<Nothing, never, MyAvailability>;
    put: Command<Nothing, Pick<Availability, "state" | "paused">, MyAvailability>;
  };
  "/v1/desks": { get: Operation<{ query?: { members?: boolean } }, never, { items: Desk[] }> };
  "/v1/projects/{project_id}/conversations": {
    get: Operation<
      { path: OfProject; query?: Paging & { view?: View; client_id?: string; channel?: string; team_id?: string } },
      never,
      Page<Conversation>
    >;
  };
  "/v1/projects/{project_id}/conversations/counts": {
    get: Operation<{ path: OfProject }, never, ConversationCounts>;
  };
  "/v1/projects/{project_id}/conversations/{conversation_id}/routing": {
    get: Operation<{ path: OfConversation; query?: Paging }, never, Page<Routed>>;
  };
  "/v1/projects/{project_id}/conversations/{conversation_id}/claim": Move<{ override?: boolean }>;
  "/v1/projects/{project_id}/conversations/{conversation_id}/release": Move<Nothing>;
  "/v1/projects/{project_id}/conversations/{conversation_id}/requeue": Move<Nothing>;
  "/v1/projects/{project_id}/conversations/{conversation_id}/transfer": Move<TransferBody>;
}

/** The API with what its description lacks so far. */
export const routing = client as unknown as ApiClient<RoutingPaths>;
