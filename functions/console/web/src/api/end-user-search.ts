import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap } from "./problems";

/** End users that a text finds, at most eight. */
export function endUserSearchOptions(project: string, q: string) {
  return queryOptions({
    queryKey: ["end-user-search", project, q],
    queryFn: async ({ signal }) => {
      const params = { path: { project_id: project }, query: { q, limit: 8 } };
      return unwrap(await client.GET("/v1/projects/{project_id}/end-users", { params, signal })).items;
    },
    placeholderData: keepPreviousData,
  });
}
