import { client } from "./client";
import { unwrap } from "./problems";
import { queryClient, readOptions } from "./query";
import type { components } from "./schema";

/** One's own availability, with the channels that one is allowed. */
export type Availability = components["schemas"]["OwnAvailabilityResponse"];
export type AvailabilityState = components["schemas"]["AvailabilityStateName"];

/** One's own availability for conversations, in the account that is shown. */
export const availabilityOptions = readOptions(["availability"], (signal) =>
  client.GET("/v1/me/availability", { signal }),
);

/** Sets one's own availability: shown at once, and taken back if it cannot be kept. */
export async function setAvailability(next: Pick<Availability, "state" | "paused">): Promise<void> {
  const { queryKey } = availabilityOptions;
  await queryClient.cancelQueries({ queryKey });
  const before = queryClient.getQueryData(queryKey);
  if (before) queryClient.setQueryData(queryKey, { ...before, ...next });
  try {
    const saved = unwrap(await client.PUT("/v1/me/availability", { body: next }));
    queryClient.setQueryData(queryKey, saved);
  } catch (error) {
    if (before) queryClient.setQueryData(queryKey, before);
    throw error;
  }
}
