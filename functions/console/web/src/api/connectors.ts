import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { listOptions, PAGE, readAll, recordOptions } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Connector = Schemas["ConnectorResponse"];
export type CreateConnector = Schemas["CreateConnectorRequest"];
export type UpdateConnector = Schemas["UpdateConnectorRequest"];
export type Policy = Schemas["PolicyName"];
export type PolicyEffects = Schemas["PolicyEffectsResponse"];
export type SetUpOutcome = Schemas["SetUpOutcomeResponse"];

const LIST = "/v1/projects/{project_id}/connectors";
const ONE = "/v1/projects/{project_id}/connectors/{connector_id}";

export function connectorsOptions(project: string, environment?: string) {
  return listOptions<Connector>(["connectors", project, environment], (cursor, signal) =>
    client.GET(LIST, {
      params: { path: { project_id: project }, query: { environment_id: environment, cursor, limit: PAGE } },
      signal,
    }),
  );
}

/** Every connector of a project, for choices, names and what follows a decision. */
export function allConnectorsOptions(project: string) {
  return queryOptions({
    queryKey: ["connectors", project, "all"],
    queryFn: ({ signal }) =>
      readAll<Connector>((cursor) =>
        client.GET(LIST, { params: { path: { project_id: project }, query: { cursor, limit: 100 } }, signal }),
      ),
    staleTime: 60_000,
  });
}

export function connectorOptions(project: string, id: string) {
  const params = { path: { project_id: project, connector_id: id } };
  return recordOptions<Connector>(["connector", project, id], (signal) => client.GET(ONE, { params, signal }));
}

function at(project: string, id: string, etag?: string) {
  return { params: { path: { project_id: project, connector_id: id }, header: { "If-Match": etag } } };
}

export async function createConnector(project: string, body: CreateConnector, idempotencyKey: string) {
  const params = { path: { project_id: project }, header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST(LIST, { params, body })) as Connector;
}

export async function updateConnector(project: string, id: string, body: UpdateConnector, etag?: string) {
  return unwrapTagged<Connector>(await client.PATCH(ONE, { ...at(project, id, etag), body }));
}

/** The effects that a change would have, without making it. */
export async function tryConnector(project: string, id: string, body: UpdateConnector, signal?: AbortSignal) {
  const answer = await client.PATCH(ONE, { ...at(project, id), body: { ...body, dry_run: true }, signal });
  return unwrap(answer).dry_run;
}

export async function deleteConnector(project: string, id: string, etag?: string): Promise<void> {
  unwrap(await client.DELETE(ONE, at(project, id, etag)));
}

/** Asks the platform whether the credentials work. */
export async function testConnector(project: string, id: string): Promise<SetUpOutcome> {
  const params = { path: { project_id: project, connector_id: id } };
  return unwrap(await client.POST(`${ONE}/test`, { params }));
}

/** Sends the address to the platform, and the webhook secret that this API made. */
export async function connectConnector(project: string, id: string): Promise<SetUpOutcome> {
  const params = { path: { project_id: project, connector_id: id } };
  return unwrap(await client.POST(`${ONE}/connect`, { params }));
}

export async function rotateWebhookSecret(project: string, id: string, etag?: string): Promise<SetUpOutcome> {
  return unwrap(await client.POST(`${ONE}/rotate-webhook-secret`, at(project, id, etag)));
}
