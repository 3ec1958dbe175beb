import type { AvailabilityState } from "../../api/availability";

/** Texts about one's own availability for conversations. */
export const availabilityTexts = {
  title: "Availability",
  unread: "Availability could not be read",
  states: { available: "Available", away: "Away", offline: "Offline" } satisfies Record<AvailabilityState, string>,
  pause: (channel: string) => `Pause ${channel}`,
  set: (state: AvailabilityState) => `You are ${state}`,
} as const;
