import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE } from "./query";
import type { components } from "./schema";

export type KeptBlock = components["schemas"]["KeptBlockResponse"];

const LIST = "/v1/projects/{project_id}/chat-users/kept-blocks";

/** The blocks that outlived their people, the latest first. */
export function keptBlocksOptions(project: string) {
  return listOptions<KeptBlock>(["chat-users", project, "kept-blocks"], (cursor, signal) =>
    client.GET(LIST, { params: { path: { project_id: project }, query: { cursor, limit: PAGE } }, signal }),
  );
}

export async function liftKeptBlock(project: string, id: string) {
  const params = { path: { project_id: project, kept_block_id: id } };
  return unwrap(await client.DELETE(`${LIST}/{kept_block_id}`, { params }));
}
