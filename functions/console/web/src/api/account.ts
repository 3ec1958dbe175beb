import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { recordOptions } from "./query";
import type { components } from "./schema";

export type Account = components["schemas"]["AccountResponse"];
export type UpdateAccount = components["schemas"]["UpdateAccountRequest"];

export const accountOptions = recordOptions(["account"], (signal) => client.GET("/v1/account", { signal }));

export async function updateAccount(body: UpdateAccount, etag?: string) {
  return unwrapTagged(await client.PATCH("/v1/account", { body, params: { header: { "If-Match": etag } } }));
}

export async function createAccount(name: string, idempotencyKey: string): Promise<Account> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/accounts", { params, body: { name } })) as Account;
}

/** Deletes the account; false while more members and invitations are left than one call removes, and then it is called again. */
export async function deleteAccount(name: string, etag: string | undefined): Promise<boolean> {
  const params = { header: { "If-Match": etag } };
  return unwrap(await client.DELETE("/v1/account", { params, body: { name } })).done;
}
