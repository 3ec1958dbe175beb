import type { AccessRequest } from "../../api/access-requests";
import type { Connector } from "../../api/connectors";
import { formatDateTime, formatTime, type TimeSettings } from "../../format";
import { requests as texts } from "../../texts/en/requests";

const SOON = 2 * 60 * 60 * 1000;
const DAY = 24 * 60 * 60 * 1000;

/** A fact about the notice that counts in the decision; `isUrgent` in its last two hours. */
export interface Hint {
  words: string;
  isUrgent: boolean;
}

/** A channel by its name; the chat, where the connector is gone that would say more. */
export function channelName(channel: string | null | undefined): string {
  return channel == null ? texts.someChannel : (texts.channels[channel] ?? channel);
}

/** “14:32”, with the day if it is not within one day. */
export function shortTime(at: string, now: number, by?: TimeSettings): string {
  const isNear = Math.abs(Date.parse(at) - now) < DAY;
  return isNear ? formatTime(Date.parse(at), by) : formatDateTime(at, by);
}

type Asked = Pick<AccessRequest, "notifiable_until" | "channel" | "opted_out_at">;

/** Until when somebody can be told of an approval, and why not; undefined where nothing limits it. */
export function windowHint(
  { notifiable_until: until, channel, opted_out_at }: Asked,
  followUp: Connector["after_approval"] | undefined,
  now: number,
  by?: TimeSettings,
): Hint | undefined {
  if (followUp === "silent") return { words: texts.tellSilent, isUrgent: false };
  if (opted_out_at) return { words: texts.tellOptedOut, isUrgent: false };
  if (!until) return undefined;
  const left = Date.parse(until) - now;
  if (left > 0) {
    return { words: texts.tellBefore(shortTime(until, now, by), channelName(channel)), isUrgent: left <= SOON };
  }
  return { words: texts.tellTooLate(channelName(channel)), isUrgent: false };
}

/** The request whose window closes first among those that are still open. */
export function earliest<Request extends Asked>(requests: readonly Request[], now: number): Request | undefined {
  return requests
    .filter(({ notifiable_until: until }) => until && Date.parse(until) > now)
    .sort((one, other) => Date.parse(one.notifiable_until ?? "") - Date.parse(other.notifiable_until ?? ""))[0];
}
