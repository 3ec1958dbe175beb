import type { AvailabilityState } from "../../api/availability";

/** Texts about one's own availability for conversations. */
export const availabilityTexts = {
  title: "Availability",
  states: { available: "Available", away: "Away", offline: "Offline" } satisfies Record<AvailabilityState, string>,
  about: {
    available: "New conversations come to you",
    away: "Nothing new is assigned to you",
    offline: "Nothing new is assigned to you",
  } satisfies Record<AvailabilityState, string>,
  pause: (channel: string) => `Pause ${channel}`,
  paused: (channels: string) => `${channels} paused`,
  set: (state: AvailabilityState) => `You are ${state}`,
} as const;
