import { client } from "./client";
import { unwrap } from "./problems";
import { readOptions } from "./query";
import type { components } from "./schema";

export type SignInStatus = components["schemas"]["SignInStatus"];
export type OpenedInvitation = components["schemas"]["OpenedInvitationResponse"];

/** Ways of signing in to an account; an unknown one looks like one with passwords only. */
export function methodsOptions(account: string) {
  return readOptions(["sign-in-methods", account], (signal) =>
    client.GET("/v1/auth/methods", { params: { query: { account } }, signal }),
  );
}

export async function signIn(email: string, password: string): Promise<SignInStatus> {
  return unwrap(await client.POST("/v1/auth/sign-in", { body: { email, password } })).status;
}

export async function giveFactor(body: components["schemas"]["FactorRequest"]): Promise<SignInStatus> {
  return unwrap(await client.POST("/v1/auth/factor", { body })).status;
}

export async function askReset(email: string): Promise<void> {
  unwrap(await client.POST("/v1/auth/reset", { body: { email } }));
}

/** The login that a link for a new password is for, masked. Looking at it changes nothing. */
export function resetOptions(token: string) {
  return readOptions(["reset", token], (signal) => client.POST("/v1/auth/reset/inspect", { body: { token }, signal }));
}

export async function finishReset(body: components["schemas"]["FinishResetRequest"]): Promise<SignInStatus> {
  return unwrap(await client.POST("/v1/auth/reset/finish", { body })).status;
}

/** The invitation behind a link. Looking at it changes nothing. */
export function openedInvitationOptions(token: string) {
  return readOptions(["opened-invitation", token], (signal) =>
    client.POST("/v1/auth/invitation/inspect", { body: { token }, signal }),
  );
}

export async function acceptInvitation(body: components["schemas"]["AcceptInvitationRequest"]) {
  return unwrap(await client.POST("/v1/auth/invitation/accept", { body }));
}

/** Address of the provider's sign-in page, to which the browser goes next. */
export async function startProvider(
  account: string,
  method: string,
  body: components["schemas"]["StartProviderSignInRequest"],
): Promise<string> {
  const params = { path: { account_id: account, login_method_id: method } };
  return unwrap(await client.POST("/v1/auth/providers/{account_id}/{login_method_id}/start", { params, body }))
    .location;
}
