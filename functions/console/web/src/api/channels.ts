import { unwrap } from "./problems";
import { readOptions } from "./query";
import { type Channel, routing } from "./routing-types";

export type { Channel } from "./routing-types";

/** The catalogue of channels: those of connectors, and others that were added by key. */
export const channelsOptions = readOptions(["channels"], (signal) => routing.GET("/v1/channels", { signal }));

/** Adds a channel; one that is there is the answer as it is. */
export async function addChannel(body: { key: string; name: string }): Promise<Channel> {
  return unwrap(await routing.POST("/v1/channels", { body }));
}

export async function deleteChannel(key: string): Promise<void> {
  unwrap(await routing.DELETE("/v1/channels/{channel}", { params: { path: { channel: key } } }));
}
