import { client } from "./client";
import { readOptions } from "./query";

/** The chat platforms, each with the channel by which its conversations are counted. */
export const providersOptions = readOptions(["providers"], (signal) => client.GET("/v1/providers", { signal }));
