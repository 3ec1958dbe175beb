import type { Connector } from "../src/api/connectors";
import { ACME, ago, clients, id, projects } from "./data.ts";
import { providers } from "./providers.ts";
import {
  type Call,
  change,
  created,
  etag,
  invalid,
  ok,
  page,
  problem,
  type Routes,
  removeFrom,
  stale,
} from "./reply.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const environment = (position: number) => `01JD3Q3Z9V8M4T6K2N7P5R1SE${position}`;

function connectorOf(
  name: string,
  provider: string,
  more: Partial<Connector> & Record<string, unknown> = {},
): Connector {
  const own = more.id ?? id();
  const address = `https://api.example.com/webhooks/${provider}/${own}`;
  return {
    id: own,
    name,
    provider,
    environment_id: environment(2),
    client_id: clients[0]?.id ?? "",
    policy: "AllowAll",
    existing_users: "keep",
    onboarding_messages: {},
    onboarding_message: null,
    request_cooldown_seconds: 86_400,
    after_approval: "notify",
    approval_notice: null,
    approval_notices: {},
    handler: "agent",
    team_id: null,
    skills: [],
    shows_author: false,
    queue_notice: null,
    queue_notices: {},
    webhook_path: `/webhooks/${provider}/${own}`,
    webhook_url: address,
    set_up_steps:
      providers
        .find((known) => known.provider === provider)
        ?.set_up_steps.map((step) => step.replaceAll("{webhook_url}", address)) ?? [],
    can_connect: provider === "telegram" || provider === "360dialog",
    webhook_connected_at: null,
    previous_secrets_until: null,
    created_at: ago(40 * DAY),
    updated_at: ago(2 * DAY),
    preapprove_known_users: true,
    new_requests_per_minute: 60,
    requests_expire_after_days: null,
    pending_count: { count: 0, more: false },
    last_message_at: null,
    last_test: null,
    ...more,
  } as Connector;
}

const WAIT = "Thanks! Your request is being reviewed. You hear from us within a day. Urgent? Call Ana, 555-0100.";
const set = { set: true };

export const connectors: Connector[] = [
  connectorOf("Support on Slack", "slack", {
    id: "01JD3Q3Z9V8M4T6K2N7P5R1SK0",
    policy: "OnBoarding",
    onboarding_message: WAIT,
    onboarding_messages: { de: "Danke! Ihre Anfrage wird geprüft." },
    pending_count: { count: 12, more: false },
    last_message_at: ago(5 * MINUTE),
    previous_secrets_until: ago(-0.8 * DAY),
    last_test: { at: ago(3 * DAY), outcome: "ok" },
    slack: {
      api_app_id: "A0123456789",
      team_id: "T0123456789",
      signing_secret: set,
      previous_signing_secret: set,
      bot_token: set,
    },
  }),
  connectorOf("Orders bot", "telegram", {
    last_message_at: ago(3 * DAY),
    webhook_connected_at: ago(30 * DAY),
    telegram: { bot_token: set, secret_token: set, previous_secret_token: { set: false } },
  }),
  connectorOf("Hotline WhatsApp", "360dialog", {
    environment_id: environment(1),
    client_id: clients[1]?.id ?? "",
    policy: "OnBoarding",
    onboarding_message: WAIT,
    pending_count: { count: 1000, more: true },
    "360dialog": { phone_number_id: "1122334455667", api_key: set, webhook_secret: set },
    last_test: {
      at: ago(60 * MINUTE),
      outcome: "failed",
      problem: "360dialog does not know this API key. Generate a new one in the Hub, and save it here.",
    },
  }),
  connectorOf("Shop chat", "api", {
    last_message_at: ago(2 * DAY),
    api: { channel: "live_chat", reply_url: "https://chat.example.com/replies", signing_secret: set },
  }),
  connectorOf("Staff assistant with a rather long name that does not fit on one line", "teams", {
    environment_id: environment(0),
    policy: "AllowList",
    teams: {
      app_id: "c9e8c047-2a74-40a2-b28a-b162d5f5327c",
      tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47",
      app_type: null,
      client_secret: set,
    },
  }),
];

const NO_EFFECTS = {
  pending_requests_closed: { count: 0, more: false },
  chat_users_kept: { count: 0, more: false },
  chat_users_needing_approval: { count: 0, more: false },
};

function effectsOf(connector: Connector, body: Call["body"]) {
  const closes =
    (connector.policy === "OnBoarding" && body.policy && body.policy !== "OnBoarding") ||
    (body.environment_id && body.environment_id !== connector.environment_id);
  const seen = { count: connector.name === "Orders bot" ? 37 : 0, more: false };
  return {
    ...NO_EFFECTS,
    pending_requests_closed: closes
      ? (connector.pending_count ?? NO_EFFECTS.pending_requests_closed)
      : NO_EFFECTS.pending_requests_closed,
    ...(body.policy === "OnBoarding"
      ? body.existing_users === "require_approval"
        ? { chat_users_needing_approval: seen }
        : { chat_users_kept: seen }
      : {}),
  };
}

/** The values that the API would store: secrets as set, empty ones as not set. */
function stored(provider: string, before: Record<string, unknown>, given: Record<string, string>) {
  const fields = providers.find((known) => known.provider === provider)?.fields ?? [];
  const next = { ...before };
  for (const [name, value] of Object.entries(given)) {
    const field = fields.find((known) => known.name === name);
    if (field?.previous_in && (before[name] as { set?: boolean } | undefined)?.set) next[field.previous_in] = set;
    next[name] = field?.secret ? { set: value !== "" } : value;
  }
  return next;
}

function broken(provider: string, given: Record<string, string> = {}) {
  const errors: Record<string, string> = {};
  if (given.bot_token !== undefined && provider === "slack" && !given.bot_token.startsWith("xoxb-")) {
    errors["slack.bot_token"] =
      "A bot token is xoxb- followed by 10 to 250 letters, digits and hyphens, with no spaces around it.";
  }
  return Object.keys(errors).length > 0 ? invalid(errors) : undefined;
}

const find = (connector: string | undefined) => connectors.find((known) => known.id === connector);

/** Connectors of a project. The token `xoxb-wrong` fails the test. */
export const connectorsRoutes: Routes = [
  [
    "GET /v1/projects/*/connectors",
    (call, [project]) => {
      const wanted = call.query.get("environment_id");
      const isHelpDesk = project === projects[ACME]?.[0]?.id && process.env.MOCK_CONNECTORS !== "0";
      return page(
        call,
        connectors.filter(({ environment_id }) => isHelpDesk && (!wanted || environment_id === wanted)),
      );
    },
  ],
  [
    "POST /v1/projects/*/connectors",
    ({ body }) => {
      const { provider } = body;
      const refusal = broken(provider, body[provider]);
      if (refusal) return refusal;
      const connector = connectorOf(body.name, provider, {
        environment_id: body.environment_id,
        created_at: ago(0),
        updated_at: ago(0),
        [provider]: stored(provider, {}, body[provider] ?? {}),
      });
      connectors.push(connector);
      return created(connector);
    },
  ],
  [
    "GET /v1/projects/*/connectors/*",
    (_, [, connector]) =>
      change(
        connectors,
        ({ id: known }) => known === connector,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/projects/*/connectors/*",
    (call, [, connector]) =>
      change(
        connectors,
        ({ id: known }) => known === connector,
        (known) => {
          const { dry_run, ...body } = call.body;
          if (dry_run) return ok({ ...known, ...body, dry_run: effectsOf(known, body) });
          const refusal = stale(call, known) ?? broken(known.provider, body[known.provider]);
          if (refusal) return refusal;
          const part = (known as unknown as Record<string, Record<string, unknown>>)[known.provider] ?? {};
          const given = body[known.provider] as Record<string, string> | undefined;
          if (body.policy && body.policy !== "OnBoarding") known.pending_count = { count: 0, more: false };
          for (const name of ["onboarding_messages", "approval_notices", "queue_notices"] as const) {
            const texts = Object.entries({ ...known[name], ...body[name] });
            if (body[name]) body[name] = Object.fromEntries(texts.filter(([, text]) => text !== null));
          }
          Object.assign(known, body, given ? { [known.provider]: stored(known.provider, part, given) } : {}, {
            updated_at: ago(0),
          });
          return undefined;
        },
      ),
  ],
  [
    "DELETE /v1/projects/*/connectors/*",
    (_, [, connector]) => removeFrom(connectors, ({ id: known }) => known === connector),
  ],
  [
    "POST /v1/projects/*/connectors/*/test",
    (_, [, connector]) => {
      const known = find(connector);
      if (!known) return problem(404, "not-found", "There is no such record", "It may be gone.");
      const isBroken = known.last_test?.outcome === "failed" || known.name.includes("wrong");
      const base = {
        reason: null,
        retry_after_seconds: null,
        steps: [],
        webhook_connected_at: known.webhook_connected_at,
      };
      const field = providers
        .find(({ provider }) => provider === known.provider)
        ?.fields.findLast(({ secret, required }) => secret && required)?.name;
      if (isBroken) {
        const words = "The platform does not recognise this value. Copy it again from its console.";
        known.last_test = { at: ago(0), outcome: "failed", problem: words };
        return ok({ ...base, status: "failed", summary: null, field: `${known.provider}.${field}`, problem: words });
      }
      known.last_test = { at: ago(0), outcome: "ok" };
      return ok({ ...base, status: "ok", summary: "The credentials work.", field: null, problem: null });
    },
  ],
  ...(["connect", "rotate-webhook-secret"] as const).map(
    (verb) =>
      [
        `POST /v1/projects/*/connectors/*/${verb}`,
        (_: Call, [, connector]: string[]) => {
          const known = find(connector);
          if (!known) return problem(404, "not-found", "There is no such record", "It may be gone.");
          known.webhook_connected_at = ago(0);
          if (verb !== "connect") known.previous_secrets_until = ago(-DAY);
          return ok(
            {
              status: "ok",
              summary: "The platform sends messages to this address.",
              field: null,
              problem: null,
              steps: [],
            },
            etag(known),
          );
        },
      ] as const,
  ),
];

export { environment };
