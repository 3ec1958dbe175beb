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
export type Directory = Schemas["DirectoryRequest"] & Required<Pick<Schemas["DirectoryRequest"], "action">>;
export type DecisionBody = Schemas["ApproveRequest"];
export type BulkBody = Schemas["BulkDecisionRequest"];
export type BulkResult = Schemas["BulkResultResponse"];

/** Ids that one bulk decision takes. */
export const BULK_MAX = 100;

const LIST = "/v1/projects/{project_id}/access-requests";
const ONE = "/v1/projects/{project_id}/access-requests/{access_request_id}";

const listKey = (project: string) => ["access-requests", project];
const countsKey = (project: string) => ["access-request-counts", project];

/** The requests of a project. They are read again when the page asks for it, never by themselves: rows must not move. */
export function requestsOptions(project: string, query: RequestQuery) {
  return {
    ...listOptions([...listKey(project), query], (cursor, signal) =>
      client.GET(LIST, {
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
  return unwrap(await client.GET(ONE, { params: { path }, ...(signal && { signal }) }));
}

/** Pending and approved requests of a project, cheap enough to be read every few seconds. */
export function requestCountsOptions(project: string) {
  return queryOptions({
    queryKey: countsKey(project),
    queryFn: async ({ signal }) =>
      unwrap(await client.GET(`${LIST}/counts`, { params: { path: { project_id: project } }, signal })),
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

export type Verb = "approve" | "reject" | "revoke";

/** Decides a request, or revokes what its approval gave; answers the request as it is then. */
export async function decide(project: string, id: string, verb: Verb, body: DecisionBody): Promise<AccessRequest> {
  const params = { path: { project_id: project, access_request_id: id } };
  const decided = unwrap(await client.POST(`${ONE}/${verb}`, { params, body }));
  queryClient.setQueryData(requestOptions(project, id).queryKey, decided);
  return decided;
}

/** Decides up to a hundred requests; answers a result for each, in their order. */
export async function decideMany(project: string, body: BulkBody): Promise<BulkResult[]> {
  const params = { path: { project_id: project } };
  return unwrap(await client.POST(`${LIST}/decide`, { params, body })).results;
}

/** Rows of an export from a cursor on, as text, with the cursor of the rows after them. */
export async function exportRequests(
  project: string,
  filter: RequestQuery,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ text: string; next: string | undefined }> {
  const params = { path: { project_id: project }, query: { ...filter, cursor } };
  const answer = await client.GET(`${LIST}/export`, { params, parseAs: "text", signal });
  return { text: unwrap(answer), next: answer.response.headers.get("vestibule-next-cursor") ?? undefined };
}
