import { readOptions } from "./query";
import { routing } from "./routing-types";

export type { Desk, Presence, Seat } from "./routing-types";

/** The room on each channel, with the members who work there. */
export const desksOptions = readOptions(["desks"], (signal) => routing.GET("/v1/desks", { signal }));
