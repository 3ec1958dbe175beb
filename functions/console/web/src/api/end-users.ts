import { queryOptions } from "@tanstack/react-query";
import { exportChatUser } from "./chat-users";
import { client } from "./client";
import { isProblem, unwrap, unwrapTagged } from "./problems";
import { listOptions, PAGE, queryClient, readOptions, recordOptions } from "./query";
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type EndUser = Schemas["EndUserResponse"];
export type EndUserDetails = Schemas["EndUserDetailsResponse"];
export type EndUserSource = Schemas["EndUserSourceName"];
export type EndUserQuery = Omit<NonNullable<operations["list_end_users"]["parameters"]["query"]>, "limit" | "cursor">;
export type EndUserOrder = NonNullable<EndUserQuery["order"]>;
export type LinkedChatUser = Schemas["LinkedChatUser"];
export type CreateEndUser = Schemas["CreateEndUserRequest"];
export type UpdateEndUser = Schemas["UpdateEndUserRequest"];
/** A user as links and refusals name them. */
export type Named = Schemas["UserNameResponse"];

const LIST = "/v1/projects/{project_id}/end-users";
const ONE = "/v1/projects/{project_id}/end-users/{end_user_id}";

const of = (project: string) => ({ path: { project_id: project } });
const at = (project: string, id: string) => ({ path: { project_id: project, end_user_id: id } });

export function endUsersOptions(project: string, query: EndUserQuery) {
  return listOptions<EndUser>(["end-users", project, query], (cursor, signal) =>
    client.GET(LIST, {
      params: { ...of(project), query: { ...query, cursor, limit: PAGE } },
      signal,
    }),
  );
}

export function endUserOptions(project: string, id: string) {
  return recordOptions<EndUserDetails>(["end-user", project, id], (signal) =>
    client.GET(ONE, { params: at(project, id), signal }),
  );
}

export function endUserCountOptions(project: string) {
  return readOptions(["end-users", project, "counts"], (signal) =>
    client.GET(`${LIST}/counts`, { params: of(project), signal }),
  );
}

/** Another user who has this e-mail address; null if there is none. */
export function sameEmailOptions(project: string, email: string, self: string | undefined) {
  return queryOptions({
    queryKey: ["end-users", project, "email", email, self],
    queryFn: async ({ signal }) => {
      const query = { q: email, limit: 10 };
      const answer = await client.GET(LIST, { params: { ...of(project), query }, signal });
      const wanted = email.toLowerCase();
      return unwrap(answer).items.find((user) => user.email?.toLowerCase() === wanted && user.id !== self) ?? null;
    },
  });
}

export async function createEndUser(project: string, body: CreateEndUser, idempotencyKey: string) {
  const params = { ...of(project), header: { "Idempotency-Key": idempotencyKey } };
  return unwrapTagged(await client.POST(LIST, { params, body })).value;
}

export async function updateEndUser(project: string, id: string, body: UpdateEndUser, etag?: string) {
  const params = { ...at(project, id), header: { "If-Match": etag } };
  return unwrapTagged(await client.PATCH(ONE, { params, body }));
}

/** Deletes a user; with `erase`, the chat users that the user is too. */
export async function deleteEndUser(project: string, id: string, erase = false): Promise<void> {
  const query = erase ? { erase_chat_users: true } : {};
  unwrap(await client.DELETE(ONE, { params: { ...at(project, id), query } }));
}

/** Everything that is held of a user, and of each chat user that the user is. */
export async function exportEndUser(project: string, id: string): Promise<unknown> {
  const held = unwrap(await client.GET(`${ONE}/export`, { params: at(project, id) }));
  const chatUsers: unknown[] = [];
  for (const { id: chatUser } of held.chat_users) chatUsers.push(await exportChatUser(project, chatUser));
  return { ...held, chat_users: chatUsers };
}

/** Rows of an export from a cursor on, as text, with the cursor of the rows after them. */
export async function exportEndUsers(
  project: string,
  filter: EndUserQuery,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ text: string; next: string | undefined }> {
  const params = { ...of(project), query: { ...filter, cursor } };
  const answer = await client.GET(`${LIST}/export`, { params, parseAs: "text", signal });
  return { text: unwrap(answer), next: answer.response.headers.get("vestibule-next-cursor") ?? undefined };
}

/** The user who has a phone number already, as a refusal names them; undefined for any other failure. */
export function holderOf(error: unknown): Named | undefined {
  if (!isProblem(error, "phone-taken")) return undefined;
  return error.body.end_user;
}

/** Marks what shows users of a project as outdated; what is shown is read again. */
export async function readUsersAgain(project: string): Promise<void> {
  await Promise.all(
    [
      ["end-users", project],
      ["end-user", project],
      ["environments", project],
      ["chat-users", project],
      ["chat-user", project],
    ].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
  );
}
