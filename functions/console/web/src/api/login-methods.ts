import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { readOptions, recordOptions } from "./query";
import type { components } from "./schema";

export type LoginMethod = components["schemas"]["LoginMethodResponse"];
export type CreateLoginMethod = components["schemas"]["CreateLoginMethodRequest"];
export type UpdateLoginMethod = components["schemas"]["UpdateLoginMethodRequest"];
export type LoginMethodCheck = components["schemas"]["LoginMethodCheck"];

export const loginMethodsOptions = readOptions(["login-methods"], (signal) =>
  client.GET("/v1/login-methods", { signal }),
);

export function loginMethodOptions(id: string) {
  return recordOptions(["login-method", id], (signal) =>
    client.GET("/v1/login-methods/{login_method_id}", { params: { path: { login_method_id: id } }, signal }),
  );
}

export async function createLoginMethod(body: CreateLoginMethod, idempotencyKey: string): Promise<LoginMethod> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/login-methods", { params, body })) as LoginMethod;
}

export async function updateLoginMethod(id: string, body: UpdateLoginMethod, etag?: string) {
  const params = { path: { login_method_id: id }, header: { "If-Match": etag } };
  return unwrapTagged(await client.PATCH("/v1/login-methods/{login_method_id}", { params, body }));
}

export async function deleteLoginMethod(id: string, etag?: string): Promise<void> {
  const params = { path: { login_method_id: id }, header: { "If-Match": etag } };
  unwrap(await client.DELETE("/v1/login-methods/{login_method_id}", { params }));
}

/** Asks the provider for its description, without changing anything. */
export async function checkLoginMethod(id: string): Promise<LoginMethodCheck> {
  const params = { path: { login_method_id: id } };
  return unwrap(await client.POST("/v1/login-methods/{login_method_id}/check", { params }));
}
