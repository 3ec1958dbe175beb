import type { IncomingHttpHeaders } from "node:http";
import type { components } from "../src/api/schema";

// biome-ignore lint/suspicious/noExplicitAny: bodies are checked by the real API, not here
export type Body = any;

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Body;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export type Handler = (call: Call, parameters: string[]) => Reply;
/** Handlers by method and path; `*` stands for one part of the path. */
export type Routes = readonly (readonly [string, Handler])[];
export type Refusal = Partial<components["schemas"]["Problem"]>;

/** A session of whoever has this address; without one, of Ana. */
export const session = (email = "", state = "mock") => ({
  "set-cookie": `__Host-vestibule=${state}.${encodeURIComponent(email)}; Path=/; Secure; HttpOnly; SameSite=Lax`,
});
export const NO_SESSION = "__Host-vestibule=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";

export function ok(body?: unknown, headers?: Record<string, string>): Reply {
  return { status: body === undefined ? 204 : 200, body, headers };
}

export function created(body: unknown): Reply {
  return { status: 201, body };
}

export function problem(
  status: number,
  kind: string,
  title: string,
  detail: string,
  more: Refusal = {},
  headers = {},
): Reply {
  const body = { type: `/problems/${kind}`, title, status, detail, request_id: `mock-${Date.now()}`, ...more };
  return { status, body, headers };
}

export const notFound = () =>
  problem(404, "not-found", "There is no such record", "Either it does not exist, or you may not see it.");

export function invalid(errors: Record<string, string>): Reply {
  const list = Object.entries(errors).map(([field, rule]) => ({ field, rule }));
  return problem(422, "invalid-fields", "Some fields are not valid", "Correct the fields in `errors`.", {
    errors: list,
  });
}

/** A version that changes with the record. */
export function etag(record: object): Record<string, string> {
  const text = JSON.stringify(record);
  let hash = 0;
  for (const letter of text) hash = (hash * 31 + letter.charCodeAt(0)) | 0;
  return { etag: `"${hash >>> 0}"` };
}

export function tagged(record: object): Reply {
  return ok(record, etag(record));
}

/** Refuses a change of a record that changed since it was read. */
export function stale({ headers }: Call, record: object): Reply | undefined {
  const named = headers["if-match"];
  if (named === undefined || named === etag(record).etag) return undefined;
  return problem(412, "precondition-failed", "The record is not at the version named in If-Match", "Read it again.");
}

export function page<Item>({ query }: Call, items: readonly Item[]): Reply {
  const limit = Number(query.get("limit") ?? 25);
  const start = Number(query.get("cursor") ?? 0);
  const end = start + limit;
  return ok({ items: items.slice(start, end), next_cursor: end < items.length ? String(end) : null });
}

/** Changes a record that has an id, or says that there is none. */
export function change<Item extends object>(
  items: readonly Item[],
  isIt: (item: Item) => boolean,
  by: (item: Item) => Reply | undefined,
): Reply {
  const item = items.find(isIt);
  if (!item) return notFound();
  return by(item) ?? tagged(item);
}

export function removeFrom<Item>(items: Item[], isIt: (item: Item) => boolean): Reply {
  const index = items.findIndex(isIt);
  if (index < 0) return notFound();
  items.splice(index, 1);
  return ok();
}
