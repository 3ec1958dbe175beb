import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import type { Me } from "./me";
import { unwrap } from "./problems";
import { readAll } from "./query";
import type { components } from "./schema";

export type Project = components["schemas"]["ProjectResponse"];

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
