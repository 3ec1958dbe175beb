import { readOptions } from "./query";
import { routing } from "./routing-types";

export type { Desk, Presence, Seat } from "./routing-types";

/** The room on each channel, with the members who work there. */
export const desksOptions = readOptions(["desks", "members"], (signal) => routing.GET("/v1/desks", { signal }));

/** The room on each channel, without the members: cheap enough to be read every few seconds. */
export const roomOptions = readOptions(["desks", "room"], (signal) =>
  routing.GET("/v1/desks", { params: { query: { members: false } }, signal }),
);
