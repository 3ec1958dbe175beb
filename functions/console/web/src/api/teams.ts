import { queryOptions } from "@tanstack/react-query";
import { unwrap, unwrapTagged } from "./problems";
import { readAll, recordOptions } from "./query";
import { routing, type Team } from "./routing-types";

export type { Team } from "./routing-types";

/** Every team, by name, for choices. */
export const allTeamsOptions = queryOptions({
  queryKey: ["teams", "all"],
  queryFn: ({ signal }) =>
    readAll((cursor) => routing.GET("/v1/teams", { params: { query: { cursor, limit: 100 } }, signal })),
});

export function teamOptions(id: string) {
  return recordOptions<Team>(["team", id], (signal) =>
    routing.GET("/v1/teams/{team_id}", { params: { path: { team_id: id } }, signal }),
  );
}

/** Makes a team; a team of the same name, ignoring case, is the answer instead of a second one. */
export async function createTeam(name: string): Promise<Team> {
  return unwrap(await routing.POST("/v1/teams", { body: { name } }));
}

export async function renameTeam(id: string, name: string, etag?: string) {
  const params = { path: { team_id: id }, header: { "If-Match": etag } };
  return unwrapTagged<Team>(await routing.PATCH("/v1/teams/{team_id}", { params, body: { name } }));
}

export async function deleteTeam(id: string): Promise<void> {
  unwrap(await routing.DELETE("/v1/teams/{team_id}", { params: { path: { team_id: id } } }));
}
