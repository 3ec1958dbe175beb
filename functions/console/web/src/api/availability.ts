import { unwrap } from "./problems";
import { queryClient, readOptions } from "./query";
import { type Availability, type MyAvailability, routing } from "./routing-types";

export type { Availability, AvailabilityState, MyAvailability } from "./routing-types";

/** One's own availability for conversations, in the account that is shown. */
export const availabilityOptions = readOptions(["availability"], (signal) =>
  routing.GET("/v1/me/availability", { signal }),
);

/** Sets one's own availability: shown at once, and taken back if it cannot be kept. */
export async function setAvailability(next: Pick<Availability, "state" | "paused">): Promise<void> {
  const { queryKey } = availabilityOptions;
  await queryClient.cancelQueries({ queryKey });
  const before = queryClient.getQueryData(queryKey);
  if (before) queryClient.setQueryData<MyAvailability>(queryKey, { ...before, ...next });
  try {
    const saved = unwrap(await routing.PUT("/v1/me/availability", { body: next }));
    queryClient.setQueryData<MyAvailability>(queryKey, { ...before, ...saved });
  } catch (error) {
    if (before) queryClient.setQueryData(queryKey, before);
    throw error;
  }
}
