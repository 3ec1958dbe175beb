import { client } from "./client";
import { readOptions } from "./query";
import type { components } from "./schema";

/** Numbers by view; null for views that the caller may not count. */
export type ConversationCounts = components["schemas"]["ConversationCountsResponse"];

/** Conversations of each view, cheap enough to be read every few seconds. */
export function conversationCountsOptions(project: string) {
  return readOptions<ConversationCounts>(["conversations", project, "counts"], (signal) =>
    client.GET("/v1/projects/{project_id}/conversations/counts", { params: { path: { project_id: project } }, signal }),
  );
}
