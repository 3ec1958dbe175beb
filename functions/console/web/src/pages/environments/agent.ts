import type { Agent, AgentEvent, Environment, UpdateEnvironment } from "../../api/environments";
import { environments as texts } from "../../texts/en/environments";
import type { FormOptions } from "../../ui";

/** Values of the form of an agent. */
export interface AgentValues {
  endpoint: string;
  timeout: string;
  inFlight: string;
  days: string;
  events: AgentEvent[];
}

export const EVENTS = Object.keys(texts.eventNames) as AgentEvent[];

export const LABELS = {
  endpoint: texts.endpoint,
  timeout: texts.timeout,
  inFlight: texts.inFlight,
  days: texts.days,
  events: texts.events,
} as const satisfies Record<keyof AgentValues, string>;

export const API_NAMES = {
  endpoint: "agent.endpoint",
  timeout: "agent.timeout_seconds",
  inFlight: "agent.max_in_flight",
  days: "agent.delivery_days",
  events: "agent.events",
} as const satisfies Record<keyof AgentValues, string>;

const DEFAULTS = { timeout: "25", inFlight: "20", days: "3" };

export function valuesOf({ agent }: Pick<Environment, "agent">): AgentValues {
  if (!agent) return { endpoint: "", ...DEFAULTS, events: [] };
  return {
    endpoint: agent.endpoint,
    timeout: String(agent.timeout_seconds),
    inFlight: String(agent.max_in_flight),
    days: String(agent.delivery_days),
    events: EVENTS.filter((event) => agent.events.includes(event)),
  };
}

const between = (min: number, max: number) => (text: string) =>
  /^\s*\d+\s*$/.test(text) && Number(text) >= min && Number(text) <= max ? undefined : texts.between(min, max);

export const RULES: NonNullable<FormOptions<AgentValues, unknown>["rules"]> = {
  // The API decides on the hosts that are allowed; an operator may have allowed one that is not public.
  endpoint: (value) => (/^https?:\/\/\S+$/.test(value.trim()) ? undefined : texts.endpointRule),
  timeout: between(1, 25),
  inFlight: between(1, 100),
  days: between(1, 14),
};

/** The change that the form asks for; without an agent before, all of it. */
export function changeOf(before: AgentValues | undefined, wanted: AgentValues): UpdateEnvironment {
  const all = {
    endpoint: wanted.endpoint.trim(),
    timeout_seconds: Number(wanted.timeout),
    max_in_flight: Number(wanted.inFlight),
    delivery_days: Number(wanted.days),
    events: wanted.events,
  };
  if (!before) return { agent: all };
  const old = changeOf(undefined, before).agent as typeof all;
  const agent = Object.fromEntries(
    Object.entries(all).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name as keyof typeof all]),
    ),
  );
  return Object.keys(agent).length > 0 ? { agent } : {};
}

/** The secret that an answer shows because its call made it. */
export function madeSecret(agent: Agent | null | undefined): string | undefined {
  return typeof agent?.signing_secret === "string" ? agent.signing_secret : undefined;
}

/** Reason of a failure in words, or as the API gives it. */
export function reasonOf(reason: string): string {
  if (reason in texts.reasons) return texts.reasons[reason as keyof typeof texts.reasons];
  const status = /^http_(\d+)$/.exec(reason)?.[1];
  return status ? texts.httpStatus(Number(status)) : reason;
}
