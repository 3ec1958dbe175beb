import { queryOptions } from "@tanstack/react-query";
import type { AccessRequest } from "./access-requests";
import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { listOptions, PAGE, readOptions, recordOptions } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ChatUser = Schemas["ChatUserResponse"];
export type ChatUserStatus = Schemas["ChatUserStatusName"];
export type Grant = Schemas["GrantResponse"];
export type PersonsConversation = Schemas["ConversationResponse"];

const LIST = "/v1/projects/{project_id}/chat-users";
const ONE = "/v1/projects/{project_id}/chat-users/{chat_user_id}";

export interface ChatUserFilter {
  status: ChatUserStatus;
  q?: string | undefined;
  provider?: string | undefined;
}

export function chatUsersOptions(project: string, filter: ChatUserFilter) {
  return listOptions<ChatUser>(["chat-users", project, filter], (cursor, signal) =>
    client.GET(LIST, {
      params: { path: { project_id: project }, query: { ...filter, cursor, limit: PAGE } },
      signal,
    }),
  );
}

export function chatUserCountsOptions(project: string) {
  return readOptions(["chat-users", project, "counts"], (signal) =>
    client.GET(`${LIST}/counts`, { params: { path: { project_id: project } }, signal }),
  );
}

export function chatUserOptions(project: string, id: string) {
  return recordOptions<ChatUser>(["chat-user", project, id], (signal) =>
    client.GET(ONE, { params: at(project, id), signal }),
  );
}

function at(project: string, id: string) {
  return { path: { project_id: project, chat_user_id: id } };
}

/** Characters that a search takes. */
const QUERY_MAX = 200;
/** Pages of a search that are read for the requests of one person. */
const PAGES_MAX = 5;

/** The requests of a person, the newest first. */
export function personsRequestsOptions(project: string, { id, identifier }: Pick<ChatUser, "id" | "identifier">) {
  return queryOptions({
    queryKey: ["access-requests", project, "of", id],
    queryFn: async ({ signal }): Promise<AccessRequest[]> => {
      const q = [...identifier].slice(0, QUERY_MAX).join("");
      const found: AccessRequest[] = [];
      let cursor: string | undefined;
      // Pages of a search may be short, or empty, before the last one.
      for (let page = 1; page <= PAGES_MAX; page += 1) {
        const query = { q, cursor, limit: 100 };
        const params = { path: { project_id: project }, query };
        const read = unwrap(await client.GET("/v1/projects/{project_id}/access-requests", { params, signal }));
        // The search finds longer identifiers, too.
        found.push(...read.items.filter((request) => request.chat_user_id === id));
        cursor = read.next_cursor ?? undefined;
        if (cursor === undefined) break;
      }
      return found.sort((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at));
    },
  });
}

/** The conversations in which a person wrote last, the latest first. */
export function personsConversationsOptions(project: string, id: string) {
  return readOptions(["conversations", project, "of", id], (signal) =>
    client.GET("/v1/projects/{project_id}/conversations", {
      params: { path: { project_id: project }, query: { chat_user_id: id, limit: 20 } },
      signal,
    }),
  );
}

export async function approveChatUser(project: string, id: string, body: Schemas["ApproveChatUserRequest"]) {
  return unwrap(await client.POST(`${ONE}/approve`, { params: at(project, id), body }));
}

export async function blockChatUser(project: string, id: string, note: string | null) {
  return unwrapTagged<ChatUser>(await client.POST(`${ONE}/block`, { params: at(project, id), body: { note } }));
}

export async function unblockChatUser(project: string, id: string) {
  return unwrapTagged<ChatUser>(await client.POST(`${ONE}/unblock`, { params: at(project, id) }));
}

/** Takes an environment from a person, and from the user that the person is linked to. */
export async function revokeGrant(project: string, id: string, environment: string, note: string | null) {
  const body = { environment_id: environment, note };
  return unwrapTagged<ChatUser>(await client.POST(`${ONE}/revoke`, { params: at(project, id), body }));
}

export async function linkChatUser(project: string, id: string, endUser: string) {
  const body = { end_user_id: endUser };
  return unwrapTagged<ChatUser>(await client.POST(`${ONE}/link`, { params: at(project, id), body }));
}

export async function unlinkChatUser(project: string, id: string, keepAccess: boolean) {
  const body = { keep_access: keepAccess };
  return unwrapTagged<ChatUser>(await client.POST(`${ONE}/unlink`, { params: at(project, id), body }));
}

/** Everything that is held of a person: the pages of the export in one. */
export async function exportChatUser(project: string, id: string): Promise<unknown> {
  const read = async (cursor: string | undefined) => {
    const query = cursor === undefined ? {} : { cursor };
    return unwrap(await client.GET(`${ONE}/export`, { params: { ...at(project, id), query } }));
  };
  const { continues, ...whole } = await read(undefined);
  let cursor = continues;
  while (cursor) {
    const page = await read(cursor);
    whole.requests.push(...page.requests);
    whole.conversations.push(...page.conversations);
    whole.messages.push(...page.messages);
    cursor = page.continues;
  }
  return whole;
}

export async function eraseChatUser(project: string, id: string, etag: string | undefined) {
  const params = { ...at(project, id), header: { "If-Match": etag } };
  return unwrap(await client.DELETE(ONE, { params }));
}
