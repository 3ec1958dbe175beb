import { client } from "./client";
import { unwrap } from "./problems";
import { readOptions } from "./query";
import type { components } from "./schema";

export type Channel = components["schemas"]["ChannelResponse"];

/** The catalogue of channels: those of connectors, and others that were added by key. */
export const channelsOptions = readOptions(["channels"], (signal) => client.GET("/v1/channels", { signal }));

/** Adds a channel; one that is there is the answer as it is. */
export async function addChannel(body: { key: string; name: string }): Promise<Channel> {
  return unwrap(await client.POST("/v1/channels", { body }));
}

export async function deleteChannel(key: string): Promise<void> {
  unwrap(await client.DELETE("/v1/channels/{channel}", { params: { path: { channel: key } } }));
}
