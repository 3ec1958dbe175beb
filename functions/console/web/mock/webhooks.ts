import type { EventDelivery, EventType, Webhook } from "../src/api/webhooks";
import { ago, id } from "./data.ts";
import { change, created, ok, page, problem, type Routes, removeFrom, stale, tagged } from "./reply.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

const T = (type: string, description: string, has_project: boolean): EventType => ({ type, description, has_project });

const types: EventType[] = [
  T("access_request.created", "A stranger asked for access.", true),
  T("access_request.approved", "An access request was approved.", true),
  T("access_request.rejected", "An access request was rejected.", true),
  T("chat_user.blocked", "A chat user was blocked.", true),
  T("chat_user.erased", "A chat user was erased with all that was kept about them.", true),
  T("conversation.opened", "A conversation began.", true),
  T("conversation.first_reply_missed", "No member replied within the client's limit.", true),
  T("message.failed", "A message to a person was given up.", true),
  T("invitation.accepted", "An invitation was accepted.", false),
  T("member.joined", "A member joined.", false),
  T("member.left", "A member left.", false),
  T("api_key.created", "An API key was created.", false),
  T("connector.failing", "The platform refuses a connector's own calls.", true),
  T("webhook.paused", "A webhook was paused.", false),
];

const seed = (name: string, url: string, more: Partial<Webhook>): Webhook => ({
  id: id(),
  name,
  url,
  events: ["*"],
  project_id: null,
  status: "active",
  paused: null,
  failing_since: null,
  last_failure: null,
  previous_secret_until: null,
  version: 1,
  created_at: ago(30 * DAY),
  updated_at: ago(2 * DAY),
  ...more,
});

const failure = (minutes: number, reason: string) => ({ at: ago(minutes * MINUTE), reason });

const webhooks: Webhook[] = [
  seed("CRM", "https://crm.example.com/events", { events: ["access_request.created", "member.joined"] }),
  seed("Data warehouse", "https://warehouse.example.com/in", {
    status: "failing",
    failing_since: ago(12 * MINUTE),
    last_failure: failure(2, "http 503"),
    previous_secret_until: ago(-20 * HOUR),
  }),
  seed("Pager", "https://pager.example.com/hooks/vestibule", {
    status: "down",
    failing_since: ago(3 * HOUR),
    last_failure: failure(5, "timed out"),
  }),
  seed("Old intranet", "https://intranet.example.com/vestibule", {
    status: "paused",
    paused: { reason: "gone", since: ago(4 * DAY) },
  }),
];

const deliveries: EventDelivery[] = Array.from({ length: 60 }, (_, index) => {
  const status = index === 0 ? "waiting" : index % 7 === 3 ? "failed" : "delivered";
  const at = ago((index + 1) * 2 * HOUR);
  const isDelivered = status === "delivered";
  return {
    event_id: id(),
    type: types[index % types.length]?.type ?? "",
    project_id: null,
    sequence: 60 - index,
    status,
    tries: isDelivered ? 1 : 8,
    created_at: at,
    next_try_at: status === "waiting" ? ago(-4 * HOUR) : null,
    last: {
      at,
      duration_ms: isDelivered ? 87 : 5000,
      http_status: isDelivered ? 200 : index === 0 ? null : 503,
      answer: isDelivered ? "ok" : index === 0 ? null : "upstream connect error, try later",
      problem: isDelivered ? null : index === 0 ? "timed out" : "http 503",
    },
  };
});

const one = (webhook: string | undefined, by: Parameters<typeof change<Webhook>>[2]) =>
  change(webhooks, ({ id: known }) => known === webhook, by);

/** Webhooks, with what was sent to them. */
export const webhooksRoutes: Routes = [
  ["GET /v1/webhooks", () => ok({ items: webhooks, next_cursor: null })],
  ["GET /v1/webhooks/event-types", () => ok({ items: types, next_cursor: null })],
  [
    "POST /v1/webhooks",
    ({ body }) => {
      const made = seed(body.name, body.url, { events: body.events, project_id: body.project_id ?? null });
      webhooks.push({ ...made, created_at: ago(0) });
      return created({ ...made, signing_secret: SECRET });
    },
  ],
  ["GET /v1/webhooks/*", (_, [webhook]) => one(webhook, tagged)],
  [
    "PATCH /v1/webhooks/*",
    (call, [webhook]) =>
      one(webhook, (known) => {
        const refused = stale(call, known);
        if (!refused) Object.assign(known, call.body, { updated_at: ago(0) });
        return refused;
      }),
  ],
  ["DELETE /v1/webhooks/*", (_, [webhook]) => removeFrom(webhooks, ({ id: known }) => known === webhook)],
  [
    "POST /v1/webhooks/*/rotate-secret",
    (_, [webhook]) =>
      one(webhook, (known) => {
        known.previous_secret_until = ago(-DAY);
        return ok({ ...known, signing_secret: SECRET });
      }),
  ],
  [
    "POST /v1/webhooks/*/resume",
    (_, [webhook]) =>
      one(webhook, (known) => {
        Object.assign(known, { status: "active", paused: null, failing_since: null, last_failure: null });
        return undefined;
      }),
  ],
  [
    "POST /v1/webhooks/*/test",
    (_, [webhook]) =>
      one(webhook, ({ status }) =>
        status === "active"
          ? ok({ status: "delivered", http_status: 200, duration_ms: 87, answer: "ok", problem: null })
          : ok({ status: "refused", http_status: 503, duration_ms: 240, answer: "try later", problem: "http 503" }),
      ),
  ],
  [
    "GET /v1/webhooks/*/deliveries",
    (call) => {
      const status = call.query.get("status");
      return page(
        call,
        deliveries.filter((delivery) => !status || delivery.status === status),
      );
    },
  ],
  [
    "POST /v1/webhooks/*/deliveries/*/send-again",
    (_, [, event]) => {
      const known = deliveries.find(({ event_id }) => event_id === event);
      if (!known) return problem(409, "event-not-kept", "The event is not kept any more", "Read the record itself.");
      Object.assign(known, { status: "waiting", tries: 0, next_try_at: ago(0) });
      return { status: 202, body: known };
    },
  ],
];
