import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { readAll } from "./query";
import type { components } from "./schema";

export type ConnectorChoice = components["schemas"]["ConnectorResponse"];

/** Every connector of a project, for choices and for what follows a decision. */
export function projectConnectorsOptions(project: string) {
  return queryOptions({
    queryKey: ["connectors", project, "all"],
    queryFn: ({ signal }) =>
      readAll<ConnectorChoice>((cursor) =>
        client.GET("/v1/projects/{project_id}/connectors", {
          params: { path: { project_id: project }, query: { cursor, limit: 100 } },
          signal,
        }),
      ),
    staleTime: 60_000,
  });
}
