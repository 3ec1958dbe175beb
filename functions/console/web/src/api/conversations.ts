import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE, queryClient, readAll, readOptions } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Conversation = Schemas["ConversationResponse"];
/** The routing of a conversation, from its offer to the team until it is over. */
export type Case = Schemas["CaseResponse"];
export type Message = Schemas["MessageResponse"];
/** The beginning of the last message, as a list shows it. */
export type MessagePreview = Schemas["MessagePreviewResponse"];
/** A decision about a conversation, as a line of its thread. */
export type Routed = Schemas["RoutedResponse"];
export type TransferBody = Schemas["GiveConversationRequest"];
export type View = Schemas["ConversationViewName"];

export const VIEWS = ["mine", "queue", "assigned", "agent", "all"] as const satisfies readonly View[];

const LIST = "/v1/projects/{project_id}/conversations";
const ONE = "/v1/projects/{project_id}/conversations/{conversation_id}";

/** Messages of a page of a thread. */
export const THREAD_PAGE = 50;

export interface ConversationFilter {
  client_id?: string;
  channel?: string;
  team_id?: string;
}

const at = (project: string, id: string) => ({ path: { project_id: project, conversation_id: id } });

export function conversationsOptions(project: string, view: View, filter: ConversationFilter) {
  return {
    ...listOptions<Conversation>(["conversations", project, "list", view, filter], (cursor, signal) =>
      client.GET(LIST, {
        // First come, first served.
        params: {
          path: { project_id: project },
          query: { view, ...filter, order: view === "queue" ? "oldest" : undefined, cursor, limit: PAGE },
        },
        signal,
      }),
    ),
    placeholderData: undefined,
  };
}

export function conversationOptions(project: string, id: string) {
  return readOptions<Conversation>(["conversations", project, "one", id], (signal) =>
    client.GET(ONE, { params: at(project, id), signal }),
  );
}

/** The decisions about a conversation, the oldest first. */
export function routedOptions(project: string, id: string) {
  return queryOptions({
    queryKey: ["conversations", project, "routed", id],
    queryFn: async ({ signal }): Promise<Routed[]> => {
      const lines = await readAll((cursor) =>
        client.GET(`${ONE}/routing`, {
          params: { ...at(project, id), query: { cursor, limit: 100 } },
          signal,
        }),
      );
      // Changes of one moment have ids that count on.
      return lines.sort((one, other) => one.at.localeCompare(other.at) || Number(one.id) - Number(other.id));
    },
  });
}

/** A page of a thread, the newest message first. */
export interface MessagePage {
  items: Message[];
  /** There are earlier ones. */
  hasMore: boolean;
}

/** The newest messages of a thread, or those before a number. */
export async function readMessages(
  project: string,
  id: string,
  before?: number,
  signal?: AbortSignal,
): Promise<MessagePage> {
  let cursor: string | undefined;
  // A page may be empty without being the last.
  for (;;) {
    const query = { limit: THREAD_PAGE, cursor, ...(before !== undefined && { before }) };
    const params = { ...at(project, id), query };
    const page = unwrap(await client.GET(`${ONE}/messages`, { params, ...(signal && { signal }) }));
    cursor = page.next_cursor ?? undefined;
    if (page.items.length > 0 || cursor === undefined) return { items: page.items, hasMore: cursor !== undefined };
  }
}

/** The newest messages of a thread. */
export function newestMessagesOptions(project: string, id: string) {
  return queryOptions({
    queryKey: ["conversations", project, "messages", id],
    queryFn: ({ signal }) => readMessages(project, id, undefined, signal),
  });
}

/** Writes into a conversation; answers the message as it was added. */
export async function writeMessage(
  project: string,
  id: string,
  text: string,
  idempotencyKey: string,
): Promise<Message[]> {
  const params = { ...at(project, id), header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST(`${ONE}/messages`, { params, body: { messages: [{ text }] } })).messages;
}

/** Marks everything that shows conversations as outdated; what is shown is read again. */
export function readConversationsAgain(project: string): Promise<unknown> {
  return Promise.all([
    queryClient.invalidateQueries({ queryKey: ["conversations", project] }),
    queryClient.invalidateQueries({ queryKey: ["desks"] }),
  ]);
}

/** Takes a conversation over as a call answered it, and reads again what shows it. */
async function keep(project: string, changed: Promise<Conversation>): Promise<Conversation> {
  const conversation = await changed;
  queryClient.setQueryData(conversationOptions(project, conversation.id).queryKey, conversation);
  void readConversationsAgain(project);
  return conversation;
}

export function claim(project: string, id: string, override = false): Promise<Conversation> {
  const body = override ? { override } : {};
  return keep(project, client.POST(`${ONE}/claim`, { params: at(project, id), body }).then(unwrap));
}

export function release(project: string, id: string): Promise<Conversation> {
  return keep(project, client.POST(`${ONE}/release`, { params: at(project, id) }).then(unwrap));
}

export function requeue(project: string, id: string): Promise<Conversation> {
  return keep(project, client.POST(`${ONE}/requeue`, { params: at(project, id) }).then(unwrap));
}

export function transfer(project: string, id: string, body: TransferBody): Promise<Conversation> {
  return keep(project, client.POST(`${ONE}/transfer`, { params: at(project, id), body }).then(unwrap));
}

export function handOver(project: string, id: string, body: { team?: string; note?: string }): Promise<Conversation> {
  return keep(project, client.POST(`${ONE}/handoff`, { params: at(project, id), body }).then(unwrap));
}

export function giveBack(project: string, id: string): Promise<Conversation> {
  return keep(project, client.DELETE(`${ONE}/handoff`, { params: at(project, id) }).then(unwrap));
}
