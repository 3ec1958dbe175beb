import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { readAll } from "./query";
import type { components } from "./schema";

export type Environment = components["schemas"]["EnvironmentResponse"];

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
