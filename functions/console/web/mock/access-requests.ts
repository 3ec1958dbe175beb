import type { AccessRequest } from "../src/api/access-requests";
import type { Explanation } from "../src/api/explain";
import type { BulkResult } from "../src/api/request-decisions";
import { connectors } from "./connectors.ts";
import { ago, id } from "./data.ts";
import { matchesOf } from "./matches.ts";
import { providers } from "./providers.ts";
import { type Body, type Call, invalid, notFound, ok, problem, type Reply, type Routes, tagged } from "./reply.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ENVIRONMENTS = ["Development", "Staging", "Production"];

/** Connectors through which strangers write. */
const CONNECTORS = connectors.map(({ id, name, provider, environment_id }) => ({
  id,
  name,
  provider,
  channel: providers.find((known) => known.provider === provider)?.channel ?? provider,
  environment: Number(environment_id.at(-1)),
  environment_id,
}));

const PEOPLE: readonly (readonly [string, string])[] = [
  ["Ada Lovelace", "Hello! Is this where I ask about the invoice of March? I paid it twice by mistake."],
  ["Grace Hopper", "is anybody there?"],
  ["محمد بن عبد الله", "مرحبا، أحتاج مساعدة في طلبي من فضلك"],
  ["王小明", "请问什么时候可以送货？"],
  ["🦄 Unicorn 🌈", "🙋"],
  [
    "Maximilian-Alexander Freiherr von und zu Hohenstein-Schwarzenberg-Sondershausen zu Tannenberg",
    `A very long first message. ${"It goes on and on about one thing and another. ".repeat(6)}`,
  ],
  ["<b>Bobby</b>", '<script>alert("hello")</script>'],
  ["Dorothy Vaughan", "Photo"],
  ["Katherine Johnson", "I was told to write here for access to the wiki."],
  ["+1 555-123-4567", "Hi"],
];

function requestAt(index: number): AccessRequest {
  const [name, preview] = PEOPLE[index % PEOPLE.length] ?? ["", ""];
  const connector = CONNECTORS[index % CONNECTORS.length] ?? CONNECTORS[0];
  if (!connector) throw new Error("there are connectors");
  const age = (index * 37 + 12) * MINUTE;
  const isPhone = connector.channel === "whatsapp" || connector.channel === "sms";
  const round = Math.floor(index / PEOPLE.length);
  const isFirst = round === 0;
  return {
    id: id(),
    status: "pending",
    provider: connector.provider,
    channel: connector.channel,
    identifier: isPhone ? `+1555010${String(index).padStart(4, "0")}` : `U0${String(index).padStart(9, "0")}`,
    user_name: isFirst ? name : `${name} ${round + 1}`,
    avatar_url: null,
    chat_user_status: "onboarding",
    connector: { id: connector.id, name: connector.name },
    environment_id: connector.environment_id,
    environment_name: ENVIRONMENTS[connector.environment] ?? "",
    chat_user_id: id(),
    conversation: {
      id: id(),
      kind: index % 5 === 2 ? "group" : index % 4 === 0 && index % 8 ? "channel" : "direct",
      provider_conversation_id: `D0${index}`,
      thread: null,
    },
    conversation_name: index % 4 === 0 && index % 8 ? "#general" : null,
    created_at: ago(age),
    rejected_before: index % 7 === 1 ? 2 : 0,
    message_count: (index % 3) + 1,
    last_message_at: ago(Math.min(age, 5 * MINUTE + index * MINUTE)),
    matches: [],
    preview,
    notifiable_until:
      connector.channel === "whatsapp" ? ago(index === 1 ? -90 * MINUTE : index === 5 ? HOUR : -20 * HOUR) : null,
    onboarding_message:
      index % 9 === 3
        ? { status: "failed", at: ago(age), class: "recipient", reason: "403: bot was blocked by the user" }
        : { status: "sent", at: ago(age - 1000) },
    notice_status: null,
    replay_status: null,
    expires_at: index % 6 === 0 ? ago(-12 * DAY) : null,
    blocked: index === 4,
    suggested_end_user:
      index === 1
        ? { id: "01JD3Q3Z9V8M4T6K2N7P5R1SU0", display_name: "Ada Lovelace", reason: "same_phone" }
        : index === 0
          ? { id: "01JD3Q3Z9V8M4T6K2N7P5R1SU1", display_name: "Augusta King", reason: "same_email" }
          : null,
    end_user: null,
    processed_at: null,
    processed_by: null,
    processing_note: null,
    reason_code: null,
  };
}

const decided = (index: number, status: "approved" | "rejected", more: Partial<AccessRequest> = {}): AccessRequest => ({
  ...requestAt(index),
  status,
  suggested_end_user: null,
  processed_at: ago((index + 1) * 3 * HOUR),
  processed_by: { id: "member:01JD3Q3Z9V8M4T6K2N7P5R1SMA", name: index % 2 ? "Ana Sousa" : "Bo Lindqvist" },
  processing_note: index % 3 ? null : "A colleague of the sales team.",
  ...more,
});

/** `MOCK_REQUESTS=0` shows the page without requests; `400` the one of a busy morning. */
const wanted = Number(process.env.MOCK_REQUESTS ?? 60);

const all: AccessRequest[] = [
  ...Array.from({ length: wanted }, (_, index) => requestAt(index)),
  ...(wanted === 0
    ? []
    : [
        decided(8, "approved", { notice_status: { status: "sent", at: ago(2 * HOUR) } }),
        decided(1, "approved", {
          notice_status: { status: "skipped", reason: "window_closed", at: ago(5 * HOUR) },
          replay_status: { status: "sent", at: ago(5 * HOUR) },
          end_user: { id: "01JD3Q3Z9V8M4T6K2N7P5R1SU0", display_name: "Ada Lovelace" },
        }),
        decided(3, "approved", { notice_status: { status: "failed", reason: "403: bot was blocked by the user" } }),
        decided(7, "rejected", { new_request_possible_at: ago(-9 * HOUR) }),
        decided(6, "rejected", { reason_code: "policy_off" }),
        decided(2, "rejected", { reason_code: "expired" }),
      ]),
];

const isEmpty = process.env.MOCK_REQUESTS === "0";

function listed({ query }: Call): AccessRequest[] {
  const status = query.get("status") ?? "all";
  const q = query.get("q");
  const [connectors, providers] = ["connector_id", "provider"].map((name) => query.get(name)?.split(",") ?? []);
  const [after, before] = [query.get("created_after"), query.get("created_before")];
  const order = query.get("order") ?? "newest";
  const found = all.flatMap((one) => {
    const matches = q ? matchesOf(one, ["user_name", "identifier"], q) : [];
    const isIn =
      (status === "all" || one.status === status) &&
      (!connectors?.length || connectors.includes(one.connector.id)) &&
      (!providers?.length || providers.includes(one.provider)) &&
      (!after || one.created_at >= after) &&
      (!before || one.created_at < before) &&
      (!q || matches.length > 0);
    return isIn ? [{ ...one, matches }] : [];
  });
  const by = (one: AccessRequest) => (order === "last_message" ? (one.last_message_at ?? "") : one.created_at);
  found.sort((one, other) => by(one).localeCompare(by(other)));
  return order === "oldest" ? found : found.reverse();
}

/** A page behind a row, so that decisions between two pages skip nobody. */
export function listRequests(call: Call): Reply {
  const found = listed(call);
  const limit = Number(call.query.get("limit") ?? 25);
  const [at, last] = (call.query.get("cursor") ?? "").split("_");
  const isOldest = call.query.get("order") === "oldest";
  const start = at
    ? found.findIndex((one) => (isOldest ? one.created_at > at : one.created_at < at) && one.id !== last)
    : 0;
  const items = start < 0 ? [] : found.slice(start, start + limit);
  const end = items.at(-1);
  const hasMore = end !== undefined && found.at(-1) !== end;
  return ok({ items, next_cursor: hasMore ? `${end.created_at}_${end.id}` : null });
}

/** Each visit is a poll; one in four brings somebody new with `MOCK_ARRIVALS=1`. */
let polls = 0;

function counts(): Reply {
  polls += 1;
  if (process.env.MOCK_ARRIVALS && polls % 4 === 0) {
    all.push({ ...requestAt(polls), created_at: ago(0), user_name: `Newcomer ${polls / 4}` });
  }
  const of = (status: AccessRequest["status"]) => {
    const count = all.filter((one) => one.status === status).length;
    return { count: Math.min(count, 1_000), more: count > 1_000 };
  };
  const newest = all
    .filter((one) => one.status === "pending")
    .sort((one, other) => other.created_at.localeCompare(one.created_at))[0];
  return ok({
    pending: of("pending"),
    approved: of("approved"),
    newest_pending: newest ? { id: newest.id, created_at: newest.created_at } : null,
    held_back: isEmpty
      ? []
      : [
          {
            connector_id: CONNECTORS[0]?.id,
            connector_name: "Support on Slack",
            limit_per_minute: 60,
            messages: 132,
            since: ago(HOUR),
          },
        ],
  });
}

const ANA_NOW = () => ({ id: "member:01JD3Q3Z9V8M4T6K2N7P5R1SMA", name: "Ana Sousa" });

function settle(request: AccessRequest, verb: "approve" | "reject", body: Body): void {
  Object.assign(request, {
    status: verb === "approve" ? "approved" : "rejected",
    processed_at: ago(0),
    processed_by: ANA_NOW(),
    processing_note: body.note ?? null,
    suggested_end_user: null,
    ...(verb === "approve"
      ? { notice_status: { status: "sent", at: ago(0) } }
      : { new_request_possible_at: ago(-DAY), rejected_before: request.rejected_before }),
  });
}

/** Why a request cannot be decided. “Dorothy Vaughan” is decided by somebody else at the same moment. */
function refusal(request: AccessRequest, verb: "approve" | "reject"): Reply | undefined {
  if (request.status === "pending" && request.user_name.startsWith("Dorothy Vaughan")) {
    settle(request, "reject", { note: "Known as a spammer." });
    Object.assign(request, { processed_by: { id: "member:bo", name: "Bo Lindqvist" } });
  }
  if (request.status !== "pending") {
    return problem(409, "already-decided", "The access request was decided before", "`decision` stands.", {
      decision: {
        verdict: request.status === "approved" ? "approve" : "reject",
        by: request.processed_by?.name ?? "",
        at: request.processed_at ?? ago(0),
        note: request.processing_note ?? null,
        reason_code: null,
      },
    });
  }
  if (verb === "approve" && request.blocked) {
    return problem(409, "chat-user-blocked", "The chat user is blocked", "Unblock the chat user first, then approve.");
  }
  return undefined;
}

const find = (wantedId: string | undefined) => all.find((one) => one.id === wantedId);

function decideOne(verb: "approve" | "reject") {
  return ({ body }: Call, [, wantedId]: string[]): Reply => {
    const request = find(wantedId);
    if (!request) return notFound();
    if (String(body.note ?? "").length > 4_000) return invalid({ note: "must have at most 4000 characters" });
    const refused = refusal(request, verb);
    if (refused) return refused;
    settle(request, verb, body);
    if (body.directory?.action === "add_to_existing") {
      request.end_user = { id: body.directory.end_user_id, display_name: "Ada Lovelace" };
    }
    return tagged(request);
  };
}

function decideMany({ body }: Call): Reply {
  const results = (body.ids as string[]).map((wantedId): BulkResult => {
    const request = find(wantedId);
    if (!request) return { id: wantedId, outcome: "not_found" };
    const refused = refusal(request, body.decision);
    if (refused) {
      const reason = refused.body as NonNullable<BulkResult["problem"]>;
      return { id: wantedId, outcome: reason.type.includes("blocked") ? "blocked" : "already", problem: reason };
    }
    settle(request, body.decision, body);
    return { id: wantedId, outcome: "decided", request };
  });
  return ok({ results });
}

function revoke({ body }: Call, [, wantedId]: string[]): Reply {
  const request = find(wantedId);
  if (!request) return notFound();
  request.revoked_at = ago(0);
  request.revoked_by = ANA_NOW();
  request.revocation_note = body?.note ?? null;
  request.chat_user_status = "onboarding";
  return tagged(request);
}

/** Marks the requests of somebody whom the list of people does not have. */
export function blockRequests(person: string | undefined, isBlocked: boolean): Reply {
  const theirs = all.filter((one) => one.chat_user_id === person);
  if (theirs.length === 0) return notFound();
  for (const request of theirs) request.blocked = isBlocked;
  return ok({ id: person });
}

function explain({ body }: Call): Reply {
  const request = all.find((one) => one.chat_user_id === body.chat_user_id);
  const name = request?.user_name ?? body.identifier;
  const isIn = request?.status === "approved";
  const explanation: Explanation = {
    decision: isIn ? "deliver" : "onboard",
    reason: isIn ? "granted" : "not_approved",
    sentence: isIn
      ? `${name} can talk here: approved in Production by Ana on 22 Nov.`
      : `${name} cannot talk here yet: a request is pending since 10:02.`,
    facts: [
      { fact: "blocked", holds: request?.blocked ?? false, sentence: "The person is blocked." },
      { fact: "open_connector", holds: false, sentence: "The connector lets everybody write." },
      { fact: "granted", holds: isIn, sentence: "The person was approved in Production." },
    ],
    changes: isIn
      ? [{ action: "revoke", sentence: "Revoke the access, and they go back to onboarding." }]
      : [
          { action: "approve", sentence: "Approve the request." },
          { action: "change_connector", sentence: "Turn onboarding off, and everybody may write." },
        ],
  };
  return ok(explanation);
}

export const USERS = ["Ada Lovelace", "Augusta King", "Charles Babbage", "Mary Somerville"].map((full_name, index) => ({
  id: `01JD3Q3Z9V8M4T6K2N7P5R1SU${index}`,
  full_name,
  email: index % 2 ? null : `${full_name.split(" ")[0]?.toLowerCase()}@example.com`,
  phone_display: `+1 555-010-000${index}`,
}));

const P = "/v1/projects/*";

/** Access requests of the projects, and what their page needs besides. */
export const accessRequestsRoutes: Routes = [
  [`GET ${P}/access-requests`, listRequests],
  [`GET ${P}/access-requests/counts`, counts],
  [
    `GET ${P}/access-requests/export`,
    (call) => ({
      status: 200,
      body: `id,user_name,status\r\n${listed(call)
        .map((one) => `${one.id},"${one.user_name.replaceAll('"', '""')}",${one.status}\r\n`)
        .join("")}`,
      headers: { "content-type": "text/csv" },
    }),
  ],
  [`POST ${P}/access-requests/decide`, decideMany],
  [
    `GET ${P}/access-requests/*`,
    (_, [, wantedId]) => {
      const request = find(wantedId);
      return request ? tagged(request) : notFound();
    },
  ],
  [`POST ${P}/access-requests/*/approve`, decideOne("approve")],
  [`POST ${P}/access-requests/*/reject`, decideOne("reject")],
  [`POST ${P}/access-requests/*/revoke`, revoke],
  [`POST ${P}/explain`, explain],
  [
    `GET ${P}/end-users`,
    ({ query }) => {
      const q = (query.get("q") ?? "").toLowerCase();
      return ok({ items: USERS.filter(({ full_name }) => full_name.toLowerCase().includes(q)), next_cursor: null });
    },
  ],
];
