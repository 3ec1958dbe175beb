import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { readAll } from "./query";
import type { components } from "./schema";

export type Project = components["schemas"]["ProjectResponse"];

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
