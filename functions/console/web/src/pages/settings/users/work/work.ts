import type { Work } from "../../../../api/members";
import type { Access } from "../invitation-body";

/** Largest number of simultaneous conversations on one channel. */
const LIMIT_MAX = 100;

/** Values of a form about the work that a member is given. */
export interface WorkValues {
  /** Keys of the allowed channels. */
  allowed: string[];
  /** The typed limits. One of a channel that is not allowed stays, in case the channel comes back. */
  limits: Record<string, string>;
  /** The channels of clients that do not have all allowed ones. */
  clientChannels: Record<string, string[]>;
  /** Ids of teams. */
  teams: string[];
  skills: string[];
}

export const NO_WORK: WorkValues = { allowed: [], limits: {}, clientChannels: {}, teams: [], skills: [] };

export function workValues(work: Work): WorkValues {
  const { channels, client_channels, teams, skills } = work;
  return {
    allowed: Object.keys(channels).sort(),
    limits: Object.fromEntries(Object.entries(channels).map(([key, limit]) => [key, String(limit)])),
    clientChannels: Object.fromEntries(Object.entries(client_channels).map(([id, keys]) => [id, [...keys].sort()])),
    teams: [...teams],
    skills: [...skills],
  };
}

/** The limit that a text means: a whole number from 0 to 100. */
export function limitOf(text: string | undefined): number | undefined {
  const typed = (text ?? "").trim();
  const limit = /^\d{1,3}$/.test(typed) ? Number(typed) : Number.NaN;
  return limit <= LIMIT_MAX ? limit : undefined;
}

/** The allowed channels whose limit is missing or wrong. */
export function withoutLimit({ allowed, limits }: Pick<WorkValues, "allowed" | "limits">): string[] {
  return allowed.filter((channel) => limitOf(limits[channel]) === undefined);
}

/** The channels with one allowed or taken away. */
export function allow(allowed: readonly string[], channel: string, isAllowed: boolean): string[] {
  const others = allowed.filter((other) => other !== channel);
  return (isAllowed ? [...others, channel] : others).sort();
}

type Served = Pick<WorkValues, "allowed" | "clientChannels">;

/** Whether the member serves a client on a channel. */
export function serves({ allowed, clientChannels }: Served, client: string, channel: string): boolean {
  return allowed.includes(channel) && (clientChannels[client]?.includes(channel) ?? true);
}

/** The channels by client, with one of them given or taken away. A client with all allowed ones has no list of its own. */
export function serve(values: Served, client: string, channel: string, isServed: boolean): Record<string, string[]> {
  const own = values.allowed.filter((other) => (other === channel ? isServed : serves(values, client, other)));
  const { [client]: _, ...others } = values.clientChannels;
  return own.length === values.allowed.length ? others : { ...others, [client]: own };
}

/** A channel that is taken away, with what goes with it. */
export interface Loss {
  channel: string;
  limit: number;
  /** Ids of the clients that were served there, or all. */
  clients: "all" | string[];
}

/** The losses that come with channels that are not allowed any more (E08). */
export function losses(before: Work, access: "all" | readonly string[], allowed: readonly string[]): Loss[] {
  const values = workValues(before);
  return Object.entries(before.channels)
    .filter(([channel]) => !allowed.includes(channel))
    .map(([channel, limit]) => ({
      channel,
      limit,
      clients: access === "all" ? "all" : access.filter((client) => serves(values, client, channel)),
    }));
}

/** The work that the values mean. Only clients that are chosen one by one have channels of their own. */
export function workOf(values: WorkValues, access: Access, clients: readonly string[]): Work {
  const { allowed, limits, clientChannels, teams, skills } = values;
  const lists = access === "some" ? Object.entries(clientChannels).filter(([id]) => clients.includes(id)) : [];
  return {
    channels: Object.fromEntries(allowed.map((channel) => [channel, limitOf(limits[channel]) ?? 0])),
    client_channels: Object.fromEntries(
      lists.map(([id, keys]) => [id, keys.filter((channel) => allowed.includes(channel))]).sort(),
    ),
    teams: [...teams].sort(),
    skills: [...skills].sort(),
  };
}
