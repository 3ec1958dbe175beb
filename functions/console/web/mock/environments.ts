import type { Environment } from "../src/api/environments";
import { ago, id } from "./data.ts";
import { change, created, invalid, ok, page, problem, type Routes, removeFrom, stale } from "./reply.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function agent(endpoint: string, health: NonNullable<Environment["agent"]>["health"]): Environment["agent"] {
  return {
    endpoint,
    signing_secret: { set: true } as never,
    previous_secrets_until: null,
    timeout_seconds: 25,
    max_in_flight: 20,
    delivery_days: 3,
    events: ["message.edited"],
    health,
  };
}

const WELL = { status: "ok", since: null, last_error: null, next_attempt_at: null } as const;

export const environments: Environment[] = [
  { name: "Development", agent: null, connector_count: 0, user_count: { count: 3, more: false } },
  {
    name: "Staging",
    agent: agent("https://staging.agent.example.com/deliveries", {
      status: "down",
      since: ago(42 * MINUTE),
      last_error: { at: ago(3 * MINUTE), reason: "http_503" },
      next_attempt_at: ago(-2 * MINUTE),
    }),
    connector_count: 2,
    user_count: { count: 14, more: false },
  },
  {
    name: "Production",
    agent: agent("https://agent.example.com/deliveries", WELL),
    connector_count: 5,
    user_count: { count: 1000, more: true },
  },
].map((seed, position) => ({
  id: `01JD3Q3Z9V8M4T6K2N7P5R1SE${position}`,
  position,
  created_at: ago(60 * DAY),
  updated_at: ago(2 * DAY),
  ...seed,
}));

const givenUp = ["http_410", "not_delivered_in_time", "http_400"].map((reason, index) => ({
  id: id(),
  kind: index === 2 ? "message" : "delivery",
  conversation_id: id(),
  connector_id: id(),
  environment_id: environments[1]?.id,
  delivery_id: id(),
  message_number: null,
  created_at: ago((index + 4) * DAY),
  given_up_at: ago((index + 1) * DAY),
  reason,
  attempts: 41 - index,
  preview: ["Hello, is my order on its way? I have been waiting since Monday.", "هل يمكنك مساعدتي؟", null][index],
  may_have_gone_out: index === 2,
}));

const one = (environment: string | undefined, by: Parameters<typeof change<Environment>>[2]) =>
  change(environments, ({ id: known }) => known === environment, by);

/** Environments of every project, with their agents. */
export const environmentsRoutes: Routes = [
  [
    "GET /v1/projects/*/environments",
    (call) =>
      page(
        call,
        environments.toSorted((a, b) => a.position - b.position),
      ),
  ],
  [
    "POST /v1/projects/*/environments",
    ({ body }) => {
      const taken = environments.find(({ name }) => name.toLowerCase() === body.name.toLowerCase());
      if (taken) {
        return problem(409, "name-taken", "The name is taken", "Choose another name.", { existing_id: taken.id });
      }
      const made: Environment = {
        id: id(),
        name: body.name,
        position: environments.length,
        agent: null,
        connector_count: 0,
        user_count: { count: 0, more: false },
        created_at: ago(0),
        updated_at: ago(0),
      };
      environments.push(made);
      return created(made);
    },
  ],
  [
    "POST /v1/projects/*/environments/reorder",
    ({ body }) => {
      for (const environment of environments) environment.position = body.environment_ids.indexOf(environment.id);
      return ok({ items: environments });
    },
  ],
  ["GET /v1/projects/*/environments/*", (_, [, environment]) => one(environment, () => undefined)],
  [
    "PATCH /v1/projects/*/environments/*",
    (call, [, environment]) =>
      one(environment, (known) => {
        const { name, agent: change } = call.body;
        const refusal = stale(call, known);
        if (refusal) return refusal;
        if (change?.endpoint?.includes("localhost")) return invalid({ "agent.endpoint": "must be a public host" });
        if (name) known.name = name;
        if (change === null) known.agent = null;
        else if (change?.previous_signing_secret === null && known.agent) known.agent.previous_secrets_until = null;
        else if (change) {
          const isFirst = known.agent === null;
          known.agent = Object.assign(known.agent ?? agent("", WELL) ?? {}, change) as NonNullable<typeof known.agent>;
          if (isFirst) {
            return ok(
              { ...known, agent: { ...known.agent, signing_secret: "whsec_bW9jayBzZWNyZXQgb2YgYW4gYWdlbnQ=" } },
              { etag: '"new"' },
            );
          }
        }
        return undefined;
      }),
  ],
  [
    "POST /v1/projects/*/environments/*/rotate-signing-secret",
    (_, [, environment]) =>
      one(environment, (known) => {
        if (!known.agent) return problem(409, "no-agent", "The environment has no agent", "Set it first.");
        known.agent.previous_secrets_until = ago(-DAY);
        return ok(
          { ...known, agent: { ...known.agent, signing_secret: "whsec_YW5vdGhlciBzZWNyZXQgb2YgYW4gYWdlbnQ=" } },
          { etag: '"rotated"' },
        );
      }),
  ],
  [
    "POST /v1/projects/*/environments/*/test",
    (_, [, environment]) => {
      const isWell = environments.find(({ id: known }) => known === environment)?.agent?.health.status === "ok";
      return ok({
        status: isWell ? "ok" : "refused",
        http_status: isWell ? 200 : 503,
        duration_ms: 412,
        timeout_seconds: 10,
        problem: isWell ? null : "The agent answered with the status 503. Look into its own log.",
        replies: isWell ? ["Hi! How can I help?"] : [],
        answer: isWell ? null : "upstream connect error",
        answer_bytes: 59,
        answer_type: "json",
      });
    },
  ],
  [
    "DELETE /v1/projects/*/environments/*",
    (_, [, environment]) => {
      const known = environments.find(({ id: other }) => other === environment);
      if (known && (known.connector_count || known.user_count?.count)) {
        return problem(
          409,
          "environment-in-use",
          "The environment is needed",
          "See `leading_connectors` and `users`.",
          {
            leading_connectors: Array.from({ length: known.connector_count ?? 0 }, (_, index) => ({
              id: id(),
              name: `Connector ${index + 1}`,
            })),
            users: {
              ...known.user_count,
              some: ["Ada Lovelace", "Grace Hopper", "Alan M. Turing"].map((display_name) => ({
                id: id(),
                display_name,
              })),
            },
          } as object,
        );
      }
      return removeFrom(environments, ({ id: other }) => other === environment);
    },
  ],
  [
    "GET /v1/projects/*/deliveries",
    (call) =>
      page(
        call,
        givenUp.filter(({ environment_id }) => environment_id === call.query.get("environment_id")),
      ),
  ],
  [
    "POST /v1/projects/*/deliveries/redrive",
    ({ body }) => {
      const tried = givenUp.filter(({ id: known }) => !body.ids || body.ids.includes(known));
      const redriven = tried.filter(({ may_have_gone_out }) => !may_have_gone_out);
      for (const item of redriven) removeFrom(givenUp, (other) => other === item);
      return ok({ redriven: redriven.length, left: tried.length - redriven.length, has_more: false });
    },
  ],
];
