import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { readAll, recordOptions } from "./query";
import type { components } from "./schema";

export type Team = components["schemas"]["TeamResponse"];

/** Every team, by name, for choices. */
export const allTeamsOptions = queryOptions({
  queryKey: ["teams", "all"],
  queryFn: ({ signal }) =>
    readAll((cursor) => client.GET("/v1/teams", { params: { query: { cursor, limit: 100 } }, signal })),
});

export function teamOptions(id: string) {
  return recordOptions<Team>(["team", id], (signal) =>
    client.GET("/v1/teams/{team_id}", { params: { path: { team_id: id } }, signal }),
  );
}

/** Makes a team; a team of the same name, ignoring case, is the answer instead of a second one. */
export async function createTeam(name: string): Promise<Team> {
  return unwrap(await client.POST("/v1/teams", { body: { name } }));
}

export async function renameTeam(id: string, name: string, etag?: string) {
  const params = { path: { team_id: id }, header: { "If-Match": etag } };
  return unwrapTagged<Team>(await client.PATCH("/v1/teams/{team_id}", { params, body: { name } }));
}

export async function deleteTeam(id: string): Promise<void> {
  unwrap(await client.DELETE("/v1/teams/{team_id}", { params: { path: { team_id: id } } }));
}
