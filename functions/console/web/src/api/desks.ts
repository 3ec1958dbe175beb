import { client } from "./client";
import { readOptions } from "./query";
import type { components } from "./schema";

/** The room that the available members have on a channel. */
export type Desk = components["schemas"]["DeskResponse"];
/** A member's place at a channel. */
export type Seat = components["schemas"]["SeatResponse"];

/** The room on each channel, with the members who work there. */
export const desksOptions = readOptions(["desks", "members"], (signal) => client.GET("/v1/desks", { signal }));

/** The room on each channel, without the members: cheap enough to be read every few seconds. */
export const roomOptions = readOptions(["desks", "room"], (signal) =>
  client.GET("/v1/desks", { params: { query: { members: false } }, signal }),
);
