import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import type { Me } from "./me";
import { unwrap, unwrapTagged } from "./problems";
import { queryClient, readAll, recordOptions } from "./query";
import type { components } from "./schema";

export type Project = components["schemas"]["ProjectResponse"];
export type UpdateProject = components["schemas"]["UpdateProjectRequest"];

const ONE = "/v1/projects/{project_id}";

export interface AccountProjects {
  id: string;
  name: string;
  projects: Project[];
}

/** Every project of the account that the person may see, the oldest first. */
export const projectsOptions = queryOptions({
  queryKey: ["projects", "all"],
  queryFn: ({ signal }) =>
    readAll<Project>((cursor) =>
      client.GET("/v1/projects", { params: { query: { cursor, limit: 100, order: "oldest" } }, signal }),
    ),
  staleTime: 60_000,
});

/** The archived projects of the account, which the list leaves out. */
export const archivedProjectsOptions = queryOptions({
  queryKey: ["projects", "archived"],
  queryFn: ({ signal }) =>
    readAll<Project>((cursor) =>
      client.GET("/v1/projects", {
        params: { query: { archived: true, cursor, limit: 100, order: "oldest" } },
        signal,
      }),
    ),
  staleTime: 300_000,
});

export function projectOptions(id: string) {
  return recordOptions<Project>(["project", id], (signal) =>
    client.GET(ONE, { params: { path: { project_id: id } }, signal }),
  );
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

/** The projects whose new requests the person may be told of, by account. Each call names its own account. */
export function noticedProjectsOptions(accounts: Me["accounts"]) {
  const open = accounts.filter(({ opens }) => opens);
  return queryOptions({
    queryKey: ["noticed-projects", open.map(({ id }) => id)],
    queryFn: async ({ signal }): Promise<AccountProjects[]> => {
      const read = await Promise.all(open.map((account) => projectsOf(account, signal)));
      return read.filter(({ projects }) => projects.length > 0);
    },
    staleTime: 60_000,
  });
}

async function projectsOf({ id, name }: { id: string; name: string }, signal: AbortSignal): Promise<AccountProjects> {
  const headers = { "Vestibule-Account": id };
  const held = unwrap(await client.GET("/v1/me", { headers, signal })).account?.permissions ?? [];
  // Digests go to those who may decide; the names are for those who may see projects.
  if (!held.includes("access_requests.decide") || !held.includes("projects.read")) return { id, name, projects: [] };
  const projects = await readAll<Project>((cursor) =>
    client.GET("/v1/projects", { params: { query: { cursor, limit: 100 } }, headers, signal }),
  );
  return { id, name, projects };
}
