import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { isProblem, unwrap, unwrapTagged } from "./problems";
import { queryClient, readAll, recordOptions } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Environment = Schemas["EnvironmentResponse"];
export type Agent = Schemas["AgentResponse"];
export type AgentEvent = Schemas["AgentEventName"];
export type UpdateEnvironment = Schemas["UpdateEnvironmentRequest"];
export type TestDelivery = Schemas["TestDeliveryResponse"];
/** Uses of an environment: the members of the problem `environment-in-use`. */
export type EnvironmentInUse = Required<
  Pick<Schemas["Problem"], "leading_connectors" | "other_connectors" | "users" | "messages_wait" | "is_settling">
>;

const LIST = "/v1/projects/{project_id}/environments";
const ONE = "/v1/projects/{project_id}/environments/{environment_id}";

const at = (project: string, id: string, etag?: string) => ({
  path: { project_id: project, environment_id: id },
  header: { "If-Match": etag },
});

/** The environments of a project, in its order. */
export function environmentsOptions(project: string) {
  return queryOptions({
    queryKey: ["environments", project],
    queryFn: async ({ signal }) => {
      const read = await readAll<Environment>((cursor) =>
        client.GET("/v1/projects/{project_id}/environments", {
          params: { path: { project_id: project }, query: { cursor, limit: 100 } },
          signal,
        }),
      );
      return read.sort((one, other) => one.position - other.position);
    },
    staleTime: 60_000,
  });
}

/** An environment with the name of its project, for choices and names. */
export interface NamedEnvironment {
  id: string;
  name: string;
  project: string;
}

/** Every environment of every project, project by project. */
export const allEnvironmentsOptions = queryOptions({
  queryKey: ["environments", "all"],
  queryFn: async ({ signal }) => {
    const projects = await readAll((cursor) =>
      client.GET("/v1/projects", { params: { query: { cursor, limit: 100 } }, signal }),
    );
    const found: NamedEnvironment[] = [];
    for (const project of projects) {
      const environments = await readAll((cursor) =>
        client.GET("/v1/projects/{project_id}/environments", {
          params: { path: { project_id: project.id }, query: { cursor, limit: 100 } },
          signal,
        }),
      );
      found.push(...environments.map(({ id, name }) => ({ id, name, project: project.name })));
    }
    return found;
  },
});

export function environmentOptions(project: string, id: string) {
  return recordOptions<Environment>(["environment", project, id], (signal) =>
    client.GET(ONE, { params: { path: at(project, id).path }, signal }),
  );
}

export async function createEnvironment(project: string, name: string, idempotencyKey: string): Promise<Environment> {
  const params = { path: { project_id: project }, header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST(LIST, { params, body: { name } }));
}

export async function updateEnvironment(project: string, id: string, body: UpdateEnvironment, etag?: string) {
  return unwrapTagged<Environment>(await client.PATCH(ONE, { params: at(project, id, etag), body }));
}

export async function deleteEnvironment(project: string, id: string): Promise<void> {
  unwrap(await client.DELETE(ONE, { params: at(project, id) }));
}

/** Uses of an environment, as the refusal to delete it tells them; undefined for any other failure. */
export function usesOf(error: unknown): EnvironmentInUse | undefined {
  if (!isProblem(error, "environment-in-use")) return undefined;
  const { leading_connectors = [], other_connectors = 0, messages_wait = false, is_settling = false } = error.body;
  const { users = { count: 0, more: false, some: [] } } = error.body;
  return { leading_connectors, other_connectors, users, messages_wait, is_settling };
}

/** Puts all environments of a project in this order. */
export async function reorderEnvironments(project: string, ids: string[]): Promise<void> {
  const params = { path: { project_id: project } };
  unwrap(await client.POST(`${LIST}/reorder`, { params, body: { environment_ids: ids } }));
}

/** Makes a new signing secret, which the answer shows. */
export async function rotateSigningSecret(project: string, id: string, etag?: string) {
  return unwrapTagged<Environment>(
    await client.POST(`${ONE}/rotate-signing-secret`, { params: at(project, id, etag) }),
  );
}

/** Sends a test delivery to the agent. */
export async function testAgent(project: string, id: string): Promise<TestDelivery> {
  return unwrap(await client.POST(`${ONE}/test`, { params: { path: at(project, id).path } }));
}

/** Marks what shows environments of a project as outdated; what is shown is read again. */
export async function readEnvironmentsAgain(project: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["environments", project] }),
    queryClient.invalidateQueries({ queryKey: ["environment", project] }),
    queryClient.invalidateQueries({ queryKey: allEnvironmentsOptions.queryKey }),
  ]);
}
