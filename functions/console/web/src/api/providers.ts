import { client } from "./client";
import { readOptions } from "./query";
import type { components } from "./schema";

export type Provider = components["schemas"]["ProviderResponse"];
/** A field of a connector, as its platform's console has it. */
export type ProviderField = components["schemas"]["ProviderFieldResponse"];

/** The chat platforms, each with the channel by which its conversations are counted. */
export const providersOptions = readOptions(["providers"], (signal) => client.GET("/v1/providers", { signal }));
