import { useQuery } from "@tanstack/react-query";
import { type AvailabilityState, availabilityOptions, setAvailability } from "../api/availability";
import { currentAccount } from "../api/client";
import { useMe } from "../api/me";
import { availabilityTexts as texts } from "../texts/en/availability";
import { announce } from "../ui/live";
import { errorText } from "../ui/states";
import { toasts } from "../ui/toast";

/** One's own availability in the account that is shown, and how to change it; without `own` until it is read. */
export function useAvailability() {
  const isInAccount = useMe().account != null && currentAccount() !== undefined;
  const { data: own, error, refetch } = useQuery({ ...availabilityOptions, enabled: isInAccount });
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
    /** Tries to read it again; undefined unless that failed. */
    again: error && !own ? () => void refetch() : undefined,
    choose: (state: AvailabilityState) => change({ state }),
    /** Pauses a channel, or ends its pause. */
    pause: (channel: string) => {
      const paused = own?.paused ?? [];
      const isPaused = paused.includes(channel);
      change({ paused: isPaused ? paused.filter((other) => other !== channel) : [...paused, channel].sort() });
    },
  };
}
