import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import type { Project } from "./projects";
import { queryClient, recordOptions } from "./query";
import type { components } from "./schema";

export type UpdateProject = components["schemas"]["UpdateProjectRequest"];

const ONE = "/v1/projects/{project_id}";

export function projectOptions(id: string) {
  return recordOptions<Project>(["project", id], (signal) =>
    client.GET(ONE, { params: { path: { project_id: id } }, signal }),
  );
}

export async function createProject(name: string, idempotencyKey: string): Promise<Project> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/projects", { params, body: { name } }));
}

export async function updateProject(id: string, body: UpdateProject, etag?: string) {
  const params = { path: { project_id: id }, header: { "If-Match": etag } };
  return unwrapTagged<Project>(await client.PATCH(ONE, { params, body }));
}

/** Archives a project, or brings an archived one back. */
export async function archiveProject(id: string, isArchived: boolean): Promise<void> {
  const verb = isArchived ? "archive" : "restore";
  unwrap(await client.POST(`${ONE}/${verb}`, { params: { path: { project_id: id } } }));
}

/** Deletes a project with everything in it. It is gone at once; a job removes what was in it. */
export async function deleteProject(id: string, name: string): Promise<void> {
  const init = { params: { path: { project_id: id } }, body: { name } };
  unwrap(await client.DELETE(ONE, init));
}

/** Marks what shows projects as outdated; what is shown is read again. */
export async function readProjectsAgain(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["projects"] }),
    queryClient.invalidateQueries({ queryKey: ["project"] }),
  ]);
}
