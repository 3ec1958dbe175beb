import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE, queryClient } from "./query";
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type AccessRequest = Schemas["AccessRequestDetailsResponse"];
export type RequestCounts = Schemas["AccessRequestCountsResponse"];
export type HeldBack = Schemas["HeldBackResponse"];
export type Count = Schemas["CountResponse"];
export type RequestQuery = NonNullable<operations["list_access_requests"]["parameters"]["query"]>;

/** Ids that one bulk decision takes. */
export const BULK_MAX = 100;

export const REQUESTS = "/v1/projects/{project_id}/access-requests";
export const REQUEST = "/v1/projects/{project_id}/access-requests/{access_request_id}";

const listKey = (project: string) => ["access-requests", project];
const countsKey = (project: string) => ["access-request-counts", project];

/** The requests of a project. They are read again when the page asks for it, never by themselves: rows must not move. */
export function requestsOptions(project: string, query: RequestQuery) {
  return {
    ...listOptions([...listKey(project), query], (cursor, signal) =>
      client.GET(REQUESTS, {
        params: { path: { project_id: project }, query: { ...query, cursor, limit: PAGE } },
        signal,
      }),
    ),
    placeholderData: undefined,
  };
}

export function requestOptions(project: string, id: string) {
  return queryOptions({
    queryKey: ["access-request", project, id],
    queryFn: ({ signal }) => readRequest(project, id, signal),
  });
}

export async function readRequest(project: string, id: string, signal?: AbortSignal): Promise<AccessRequest> {
  const path = { project_id: project, access_request_id: id };
  return unwrap(await client.GET(REQUEST, { params: { path }, ...(signal && { signal }) }));
}

/** Pending and approved requests of a project, cheap enough to be read every few seconds. */
export function requestCountsOptions(project: string) {
  return queryOptions({
    queryKey: countsKey(project),
    queryFn: async ({ signal }) =>
      unwrap(await client.GET(`${REQUESTS}/counts`, { params: { path: { project_id: project } }, signal })),
  });
}

export function readCountsAgain(project: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: countsKey(project) });
}

/** Marks every list of the project's requests as outdated; the one that is shown is read again. */
export function readRequestsAgain(project: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: listKey(project) });
}

/** Forgets the lists that are not shown, so that the next visit reads them. */
export function forgetOtherLists(project: string): void {
  queryClient.removeQueries({ queryKey: listKey(project), type: "inactive" });
}
