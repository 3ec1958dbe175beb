/**
 * Shapes and calls of users, imports, environments and projects that infra/openapi.json does not have yet. Once it does, `schema.d.ts`
 * takes this file's place: each type here is then part of the generated one, and each `ahead` call an ordinary one of the client.
 */
import { client } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A number that the API counts up to 1,000. */
export type Count = Schemas["CountResponse"];

export interface Named {
  id: string;
  display_name: string;
}

export type EndUserSource = "invited" | "self_registered";
export type EndUserOrder = "newest" | "oldest" | "name";
export type EndUserField = "first_name" | "middle_name" | "last_name" | "full_name" | "email" | "phone";

/** A part of a field that a search found, in UTF-16 units of the field as shown; of `phone`, those of `phone_display`. */
export interface EndUserMatch {
  field: EndUserField;
  start: number;
  end: number;
}

export interface EndUser {
  id: string;
  source: EndUserSource;
  first_name: string | null;
  middle_name: string | null;
  last_name: string | null;
  full_name: string;
  email: string | null;
  phone: string | null;
  phone_display: string | null;
  phone_warning: boolean;
  environments: { id: string; name: string }[];
  created_at: string;
  updated_at: string;
  version: number;
  matches?: EndUserMatch[];
}

export interface LinkedChatUser {
  id: string;
  provider: string;
  display_name: string;
  identifier: string;
}

export type EndUserDetails = EndUser & { chat_users: LinkedChatUser[] };

export interface CreateEndUser {
  phone: string;
  email: string | null;
  first_name: string;
  middle_name: string | null;
  last_name: string;
  environment_ids: string[];
}

export type UpdateEndUser = Partial<{ [Name in keyof CreateEndUser]: CreateEndUser[Name] | null }>;

export interface EndUserQuery {
  q?: string | undefined;
  environment_id?: string | undefined;
  source?: EndUserSource | undefined;
  order?: EndUserOrder | undefined;
}

/** A field of a user that a column of a file can hold. */
export type ImportField = "phone" | "email" | "first_name" | "middle_name" | "last_name" | "environments";
export type ImportStatus = "uploading" | "checking" | "checked" | "importing" | "done" | "cancelled" | "failed";

/** What a column holds; null leaves it out. */
export interface MappedColumn {
  column: string;
  field: ImportField | null;
}

export interface ImportRecord {
  id: string;
  file_name: string;
  size: number;
  received: number;
  /** Whether the last run, or the one to come, changes nobody. */
  dry_run: boolean;
  /** What columns hold whose names do not tell. */
  mapping: MappedColumn[];
  status: ImportStatus;
  /** Whether somebody asked to end it. The rows in work are finished first. */
  cancel_requested: boolean;
  /** Number of rows; null until they are counted. */
  rows: number | null;
  /** Number of rows that were worked off. */
  settled: number;
  /** Rows by what came of them, or would. */
  counts: { new: number; changed: number; unchanged: number; errors: number };
  /** Number of mistakes, of which a row may have several; not all of very many are kept. */
  mistakes: number;
  /** Columns of the file, once they are read. */
  columns: { name: string; field: ImportField | null }[];
  /** Names of columns that nobody knows. */
  unknown_columns: string[];
  /** What is wrong with the file as a whole. */
  problems: ImportError[];
  created_at: string;
}

export interface ImportError {
  /** Line on which the row begins. */
  line: number;
  /** Name of the column; empty for a row as a whole. */
  column: string;
  /** Key of the rule. */
  rule: string;
  message: string;
}

/** Additions to `EnvironmentResponse`. */
export interface UpcomingEnvironment {
  connector_count?: number;
  user_count?: Count;
}

/** Members of the problem `environment-in-use`. */
export interface EnvironmentInUse {
  connectors: { id: string; name: string }[];
  /** Connectors of clients whose records the caller may not touch. */
  other_connectors?: number;
  users: Count & { some: Named[] };
  messages_wait?: boolean;
  /** Whether another deleted environment is still taken from the users who held it. */
  is_settling?: boolean;
}

/** Additions to `ProjectResponse`. */
export interface UpcomingProject {
  archived_at?: string | null;
}

interface Init {
  params: {
    path: Record<string, string>;
    query?: object;
    header?: Record<string, string | undefined>;
  };
  body?: unknown;
  signal?: AbortSignal;
  parseAs?: "text";
  bodySerializer?: (body: unknown) => BodyInit;
  headers?: Record<string, string>;
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

export interface ListPage<Item> {
  items: Item[];
  next_cursor?: string | null;
}

/** A call that the document does not have yet, or does not have in full. */
export const ahead = {
  get: <Data>(path: string, init: Init) => client.GET(path as never, init as never) as Promise<Answer<Data>>,
  post: <Data>(path: string, init: Init) => client.POST(path as never, init as never) as Promise<Answer<Data>>,
  put: <Data>(path: string, init: Init) => client.PUT(path as never, init as never) as Promise<Answer<Data>>,
  patch: <Data>(path: string, init: Init) => client.PATCH(path as never, init as never) as Promise<Answer<Data>>,
  delete: <Data>(path: string, init: Init) => client.DELETE(path as never, init as never) as Promise<Answer<Data>>,
};
