import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap } from "./problems";
import type { components } from "./schema";

export type ExplainBody = components["schemas"]["ExplainRequest"];
export type Explanation = components["schemas"]["ExplanationResponse"];

/** Whether a sender may talk at a connector, and why. Asked anew each time: everything it tells may change. */
export function explanationOptions(project: string, body: ExplainBody) {
  return queryOptions({
    queryKey: ["explanation", project, body],
    queryFn: async ({ signal }) =>
      unwrap(
        await client.POST("/v1/projects/{project_id}/explain", {
          params: { path: { project_id: project } },
          body,
          signal,
        }),
      ),
    staleTime: 0,
    gcTime: 0,
  });
}
