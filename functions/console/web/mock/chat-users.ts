import type { ChatUser, ChatUserStatus } from "../src/api/chat-users";
import type { KeptBlock } from "../src/api/kept-blocks";
import { blockRequests, listRequests } from "./access-requests.ts";
import { connectors, environment } from "./connectors.ts";
import { ago, id, me } from "./data.ts";
import { endUsers } from "./end-users.ts";
import { matchesOf } from "./matches.ts";
import { type Call, change, ok, page, problem, type Reply, type Routes, removeFrom, tagged } from "./reply.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

type Seed = [name: string, provider: string, identifier: string, status: ChatUserStatus, environments: number[]];

const SEEDS: Seed[] = [
  ["Ada Lovelace", "slack", "U0123456789", "onboarding", []],
  ["Charles Babbage", "telegram", "110201543", "onboarding", []],
  ["محمد بن موسى الخوارزمي", "twilio", "+12028831111", "onboarding", [0]],
  ["+447700900123", "360dialog", "+447700900123", "onboarding", []],
  ["Grace Hopper", "teams", "c9e8c047-2a74-40a2-b28a-b162d5f5327c", "active", [0, 1, 2]],
  ["Alan Turing", "slack", "U0987654321", "active", [2]],
  ["Edgar Featherstonehaugh-Cholmondeley-Marjoribanks of Kirkcudbrightshire", "slack", "U0555555555", "active", []],
  ["<b>Mallory</b> 🦊", "telegram", "666", "blocked", [1]],
];

export const chatUsers: ChatUser[] = [
  ...SEEDS,
  ...Array.from(
    { length: 60 },
    (_, index): Seed => [`Visitor ${index + 1}`, "slack", `U07${String(index).padStart(8, "0")}`, "active", [2]],
  ),
].map(([display_name, provider, identifier, status, environments], index) => ({
  id: id(),
  provider,
  platform_scope: provider === "slack" ? "T0123456789" : "",
  identifier,
  other_identifier: provider === "360dialog" ? "US.1122334455667" : null,
  display_name,
  first_name: null,
  last_name: null,
  avatar_url: null,
  language: index % 3 === 0 ? "en-GB" : null,
  status,
  environments: environments.map((position) => ({
    environment_id: environment(position),
    granted_at: ago((index + 1) * DAY),
    granted_by: "Ana Sousa",
  })),
  block:
    status === "blocked"
      ? { blocked_at: ago(2 * DAY), blocked_by: "Bo Lindqvist", note: "Sends nothing but spam." }
      : null,
  end_user:
    display_name === "Alan Turing" ? { id: "01JD3Q3Z9V8M4T6K2N7P5R1SU0", display_name: "Alan M. Turing" } : null,
  matches: [],
  created_at: ago(index * 7 * 60 * MINUTE + 4 * MINUTE),
  updated_at: ago(index * 60 * MINUTE),
}));

const found = ({ query }: Call) =>
  chatUsers.flatMap((user) => {
    const q = query.get("q");
    const matches = q ? matchesOf(user, ["display_name", "identifier"], q) : [];
    const isIn =
      (!query.get("status") || user.status === query.get("status")) &&
      (!query.get("provider") || user.provider === query.get("provider")) &&
      (!q || matches.length > 0);
    return isIn ? [{ ...user, matches }] : [];
  });

const countOf = (status: ChatUserStatus) => ({
  count: chatUsers.filter((user) => user.status === status).length,
  more: false,
});

const isHere = (user: string | undefined) => chatUsers.some(({ id: known }) => known === user);

function one(user: string | undefined, by: (known: ChatUser) => Reply | undefined): Reply {
  return change(chatUsers, ({ id: known }) => known === user, by);
}

/** A person's standing after access was given or taken. */
function stand(user: ChatUser): undefined {
  if (user.status !== "blocked") user.status = user.environments.length > 0 ? "active" : "onboarding";
  return undefined;
}

const keptBlocks: KeptBlock[] = [
  {
    id: id(),
    provider: "slack",
    connectors: connectors.slice(0, 1).map(({ id: connector, name }) => ({ id: connector, name })),
    blocked_at: ago(40 * DAY),
    blocked_by: "Bo Lindqvist",
    erased_at: ago(3 * DAY),
  },
];

/** People who write, and what is known of each. */
export const chatUsersRoutes: Routes = [
  ["GET /v1/projects/*/chat-users", (call) => page(call, found(call))],
  [
    "GET /v1/projects/*/chat-users/counts",
    () => ok({ onboarding: countOf("onboarding"), active: { count: 1000, more: true }, blocked: countOf("blocked") }),
  ],
  ["GET /v1/projects/*/chat-users/kept-blocks", (call) => page(call, keptBlocks)],
  [
    "DELETE /v1/projects/*/chat-users/kept-blocks/*",
    (_, [, block]) => removeFrom(keptBlocks, ({ id: known }) => known === block),
  ],
  ["GET /v1/projects/*/chat-users/*", (_, [, user]) => one(user, () => undefined)],
  [
    "POST /v1/projects/*/chat-users/*/approve",
    ({ body }, [, user]) =>
      one(user, (known) => {
        if (known.status === "blocked")
          return problem(409, "chat-user-blocked", "The chat user is blocked", "Unblock.");
        known.environments.push({
          environment_id: body.environment_id,
          granted_at: ago(0),
          granted_by: me.login.name,
        });
        return stand(known);
      }),
  ],
  [
    "POST /v1/projects/*/chat-users/*/revoke",
    ({ body }, [, user]) =>
      one(user, (known) => {
        known.environments = known.environments.filter((grant) => grant.environment_id !== body.environment_id);
        return stand(known);
      }),
  ],
  [
    "POST /v1/projects/*/chat-users/*/block",
    ({ body }, [, user]) =>
      isHere(user)
        ? one(user, (known) => {
            known.status = "blocked";
            known.block = { blocked_at: ago(0), blocked_by: me.login.name, note: body.note };
            return undefined;
          })
        : blockRequests(user, true),
  ],
  [
    "POST /v1/projects/*/chat-users/*/unblock",
    (_, [, user]) =>
      isHere(user)
        ? one(user, (known) => {
            known.status = "active";
            known.block = null;
            return stand(known);
          })
        : blockRequests(user, false),
  ],
  [
    "POST /v1/projects/*/chat-users/*/link",
    ({ body }, [, user]) =>
      one(user, (known) => {
        const linked = endUsers.find((choice) => choice.id === body.end_user_id);
        known.end_user = linked ? { id: linked.id, display_name: linked.full_name } : null;
        return undefined;
      }),
  ],
  [
    "POST /v1/projects/*/chat-users/*/unlink",
    ({ body }, [, user]) =>
      one(user, (known) => {
        known.end_user = null;
        if (!body.keep_access) known.environments = [];
        return stand(known);
      }),
  ],
  [
    "GET /v1/projects/*/chat-users/*/export",
    (_, [, user]) =>
      tagged({ chat_user: chatUsers.find((known) => known.id === user), requests: [], conversations: [] }),
  ],
  [
    "DELETE /v1/projects/*/chat-users/*",
    (_, [, user]) => {
      removeFrom(chatUsers, ({ id: known }) => known === user);
      return { status: 202, body: { id: user, erasing_since: ago(0) } };
    },
  ],
  [
    "GET /v1/projects/*/access-requests",
    (call) => {
      const user = chatUsers.find(({ identifier }) => identifier === call.query.get("q"));
      const request = (status: string, days: number, note: string | null) => ({
        id: id(),
        status,
        connector: { id: connectors[0]?.id, name: connectors[0]?.name },
        chat_user_id: user?.id,
        created_at: ago(days * DAY),
        processed_at: status === "pending" ? null : ago((days - 1) * DAY),
        processed_by: status === "pending" ? null : { id: "member:1", name: "Ana Sousa" },
        processing_note: note,
      });
      if (!user) return listRequests(call);
      if (user.provider !== "slack") return ok({ items: [], next_cursor: null });
      const state = user.status === "onboarding" ? "pending" : "approved";
      return ok({
        items: [request(state, 2, null), request("rejected", 9, "Not known to us.\nAsked Bo.")],
        next_cursor: null,
      });
    },
  ],
];
