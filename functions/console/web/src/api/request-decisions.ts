import { type AccessRequest, REQUEST, REQUESTS, type RequestQuery, requestOptions } from "./access-requests";
import { client } from "./client";
import { unwrap } from "./problems";
import { queryClient } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Directory = Schemas["DirectoryRequest"] & Required<Pick<Schemas["DirectoryRequest"], "action">>;
export type DecisionBody = Schemas["ApproveRequest"];
export type BulkBody = Schemas["BulkDecisionRequest"];
export type BulkResult = Schemas["BulkResultResponse"];

export type Verb = "approve" | "reject" | "revoke";

/** Decides a request, or revokes what its approval gave; answers the request as it is then. */
export async function decide(project: string, id: string, verb: Verb, body: DecisionBody): Promise<AccessRequest> {
  const params = { path: { project_id: project, access_request_id: id } };
  const decided = unwrap(await client.POST(`${REQUEST}/${verb}`, { params, body }));
  queryClient.setQueryData(requestOptions(project, id).queryKey, decided);
  return decided;
}

/** Decides up to a hundred requests; answers a result for each, in their order. */
export async function decideMany(project: string, body: BulkBody): Promise<BulkResult[]> {
  const params = { path: { project_id: project } };
  return unwrap(await client.POST(`${REQUESTS}/decide`, { params, body })).results;
}

/** Rows of an export from a cursor on, as text, with the cursor of the rows after them. */
export async function exportRequests(
  project: string,
  filter: RequestQuery,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ text: string; next: string | undefined }> {
  const params = { path: { project_id: project }, query: { ...filter, cursor } };
  const answer = await client.GET(`${REQUESTS}/export`, { params, parseAs: "text", signal });
  return { text: unwrap(answer), next: answer.response.headers.get("vestibule-next-cursor") ?? undefined };
}
