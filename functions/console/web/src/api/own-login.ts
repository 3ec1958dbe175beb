import { client } from "./client";
import { meOptions } from "./me";
import { unwrap } from "./problems";
import { queryClient, readOptions } from "./query";
import type { components } from "./schema";

/** Has a link mailed to another address. Until it is taken, the login keeps the one that it has. */
export async function changeAddress(body: components["schemas"]["ChangeAddressRequest"]): Promise<void> {
  unwrap(await client.POST("/v1/me/address", { body }));
}

/** Takes the new address by the token of its link, and answers it. */
export async function confirmAddress(token: string): Promise<string> {
  unwrap(await client.POST("/v1/me/address/confirm", { body: { token } }));
  const { value } = await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
  return value.login.email;
}

export async function exportLogin() {
  return unwrap(await client.GET("/v1/me/export"));
}

export async function deleteLogin(body: components["schemas"]["DeleteLoginRequest"]): Promise<void> {
  unwrap(await client.POST("/v1/me/delete", { body }));
}

export async function leaveAccount(id: string): Promise<void> {
  unwrap(await client.POST("/v1/me/accounts/{account_id}/leave", { params: { path: { account_id: id } } }));
}

export type Identity = components["schemas"]["MyIdentityResponse"];

/** The identities at providers of accounts by which the login gets into them. */
export const identitiesOptions = readOptions(["identities"], (signal) => client.GET("/v1/me/identities", { signal }));

export async function disconnectIdentity(id: string): Promise<void> {
  unwrap(await client.DELETE("/v1/me/identities/{identity_id}", { params: { path: { identity_id: id } } }));
}
