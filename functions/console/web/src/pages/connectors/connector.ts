import type { Connector, Policy } from "../../api/connectors";
import type { Provider, ProviderField } from "../../api/providers";
import { connectorTexts as texts } from "../../texts/en/connectors";

export type State = "connected" | "notConnected" | "broken";

/**
 * Whether messages come through a connector. Where the platform takes the address from the API, its answer says so; elsewhere people
 * enter it by hand, and the first message shows that they did.
 */
export function stateOf(
  connector: Pick<Connector, "can_connect" | "webhook_connected_at" | "last_message_at" | "last_test">,
): { state: State; about?: string | undefined } {
  const { can_connect, webhook_connected_at, last_message_at, last_test } = connector;
  if (last_test?.outcome === "failed") return { state: "broken", about: last_test.problem ?? undefined };
  if (can_connect) {
    return webhook_connected_at
      ? { state: "connected" }
      : { state: "notConnected", about: texts.statusAbout.awaitsConnect };
  }
  return last_message_at ? { state: "connected" } : { state: "notConnected", about: texts.statusAbout.awaitsMessage };
}

/** The sentence on what a policy means for people. */
export function meaningOf(policy: Policy): string {
  if (policy === "AllowList") return texts.directoryMeans;
  return policy === "OnBoarding" ? texts.onMeans : texts.offMeans;
}

/** The name of a platform; its key where we do not know it. */
export function platformOf(providers: readonly Provider[] | undefined, key: string): string {
  return providers?.find(({ provider }) => provider === key)?.label ?? key;
}

/** The fields that a person fills in: those of previous secrets are filled by a rotation. */
export function fieldsOf(provider: Provider | undefined): ProviderField[] {
  const fields: readonly ProviderField[] = provider?.fields ?? [];
  const kept = new Set(fields.map(({ previous_in }) => previous_in));
  return fields.filter(({ name }) => !kept.has(name));
}

/** The provider's part of a connector: texts, and whether secrets are set. */
export function partOf(connector: Connector): Readonly<Record<string, unknown>> {
  const part = (connector as unknown as Record<string, unknown>)[connector.provider];
  return typeof part === "object" && part !== null ? (part as Record<string, unknown>) : {};
}

export function isSet(connector: Connector, field: string): boolean {
  const stored = partOf(connector)[field];
  return typeof stored === "object" && stored !== null && "set" in stored && stored.set === true;
}

/** The field that a test found wrong: `bot_token` of `slack.bot_token`. */
export function fieldOfOutcome(named: string | null | undefined): string | undefined {
  return named ? named.slice(named.indexOf(".") + 1) : undefined;
}

/** The provider of customers' own systems, whose people are known by the connector's channel and client. */
const OWN_SYSTEM = "api";

/** Whether a connector speaks with a customer's own system rather than with a platform. */
export const isOwnSystem = (provider: string): boolean => provider === OWN_SYSTEM;

/** Why a value of a stored connector stays as it is; undefined where it may change. */
export function fixedReason(provider: string, field: string): string | undefined {
  if (!isOwnSystem(provider)) return undefined;
  return ({ client: texts.clientFixed, channel: texts.channelFixed } as Readonly<Record<string, string>>)[field];
}

/** Whether this API makes the webhook secret of a platform, and so can rotate it. */
export function canRotate(provider: Provider | undefined): boolean {
  return provider?.fields.some(({ fill }) => fill === "random_secret") ?? false;
}

/** A length as people count it: an emoji or an accent is one. */
export function lengthOf(message: string): number {
  return [...message].length;
}
