import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE, readOptions } from "./query";
import type { components } from "./schema";

export type ApiKey = components["schemas"]["ApiKeyResponse"];
export type NewApiKey = components["schemas"]["NewApiKeyResponse"];
export type CreateApiKey = components["schemas"]["CreateApiKeyRequest"];

export const apiKeysOptions = listOptions(["api-keys"], (cursor, signal) =>
  client.GET("/v1/api-keys", { params: { query: { cursor, limit: PAGE } }, signal }),
);

/** Keys that a key made, and those that they made. */
export function madeByKeyOptions(id: string) {
  return readOptions(["api-keys", id, "made"], (signal) =>
    client.GET("/v1/api-keys/{api_key_id}/made", { params: { path: { api_key_id: id } }, signal }),
  );
}

export async function createApiKey(body: CreateApiKey, idempotencyKey: string): Promise<NewApiKey> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/api-keys", { params, body })) as NewApiKey;
}

export async function renewApiKey(id: string, expiresInDays: number): Promise<ApiKey> {
  const params = { path: { api_key_id: id } };
  const body = { expires_in_days: expiresInDays };
  return unwrap(await client.POST("/v1/api-keys/{api_key_id}/renew", { params, body })) as ApiKey;
}

/** Replaces the secret; the old one works for another day. */
export async function rotateApiKey(id: string): Promise<NewApiKey> {
  const params = { path: { api_key_id: id } };
  return unwrap(await client.POST("/v1/api-keys/{api_key_id}/rotate", { params })) as NewApiKey;
}

export async function revokeApiKey(id: string, withMade: boolean) {
  const params = { path: { api_key_id: id }, query: { made: withMade || undefined } };
  return unwrap(await client.DELETE("/v1/api-keys/{api_key_id}", { params }));
}
