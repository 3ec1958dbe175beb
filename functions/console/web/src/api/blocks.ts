import { client } from "./client";
import { unwrap } from "./problems";

/** Blocks a chat user: nothing they write is answered or kept from then on. */
export async function blockChatUser(project: string, id: string, note: string | null): Promise<void> {
  const params = { path: { project_id: project, chat_user_id: id } };
  unwrap(await client.POST("/v1/projects/{project_id}/chat-users/{chat_user_id}/block", { params, body: { note } }));
}

/** Unblocks a chat user, who has their earlier access again. */
export async function unblockChatUser(project: string, id: string): Promise<void> {
  const params = { path: { project_id: project, chat_user_id: id } };
  unwrap(await client.POST("/v1/projects/{project_id}/chat-users/{chat_user_id}/unblock", { params }));
}
