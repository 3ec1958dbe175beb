import { useQuery } from "@tanstack/react-query";
import { type AvailabilityState, availabilityOptions, setAvailability } from "../api/availability";
import { channelsOptions } from "../api/channels";
import { currentAccount } from "../api/client";
import { desksOptions } from "../api/desks";
import { useMay, useMe } from "../api/me";
import { channelLabel } from "../channel-label";
import { availabilityTexts as texts } from "../texts/en/availability";
import { announce } from "../ui/live";
import { errorText } from "../ui/states";
import { toasts } from "../ui/toast";

/** As long as the channels that one is allowed may be old. */
const CHANNELS_KEPT = 5 * 60_000;

/** One's own availability in the account that is shown, and how to change it; without `own` until it is read. */
export function useAvailability() {
  const me = useMe();
  const may = useMay();
  const member = me.account?.member_id;
  const isInAccount = me.account != null && currentAccount() !== undefined;
  const own = useQuery({ ...availabilityOptions, enabled: isInAccount }).data;
  const isAtDesks = own !== undefined && may("conversations.read");
  const desks = useQuery({ ...desksOptions, enabled: isAtDesks, staleTime: CHANNELS_KEPT }).data?.items;
  const seated = desks?.filter(({ members }) => members?.some(({ id }) => id === member));
  const channels = seated?.map(({ channel }) => channel) ?? own?.paused ?? [];
  const isUnknown = channels.some((key) => channelLabel(key) === key);
  const catalogue = useQuery({ ...channelsOptions, enabled: isUnknown && may("projects.read") }).data?.items;
  const change = (next: { state?: AvailabilityState; paused?: string[] }) => {
    if (!own) return;
    const { state, paused } = own;
    setAvailability({ state, paused, ...next }).then(
      () => announce(texts.set(next.state ?? state)),
      (error: unknown) => toasts.failed(errorText(error)),
    );
  };
  return {
    own,
    channels,
    /** Whether the channels are known, rather than only those that are paused. */
    areChannelsKnown: desks !== undefined,
    label: (key: string) => catalogue?.find((channel) => channel.key === key)?.name ?? channelLabel(key),
    choose: (state: AvailabilityState) => change({ state }),
    /** Pauses a channel, or ends its pause. */
    pause: (channel: string) => {
      const paused = own?.paused ?? [];
      const isPaused = paused.includes(channel);
      change({ paused: isPaused ? paused.filter((other) => other !== channel) : [...paused, channel].sort() });
    },
  };
}
