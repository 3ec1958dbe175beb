import { client } from "./client";
import { unwrap } from "./problems";
import { readOptions } from "./query";
import type { components } from "./schema";

/** A code of the second factor: of the app, or a recovery code. */
export type GivenCode = components["schemas"]["FactorRequest"];
export type Session = components["schemas"]["SessionResponse"];

export const sessionsOptions = readOptions(["sessions"], (signal) => client.GET("/v1/me/sessions", { signal }));

export async function endSession(id: string): Promise<void> {
  unwrap(await client.DELETE("/v1/me/sessions/{session_id}", { params: { path: { session_id: id } } }));
}

export async function endOtherSessions(): Promise<void> {
  unwrap(await client.POST("/v1/me/sessions/end-others"));
}

export async function changePassword(body: components["schemas"]["ChangePasswordRequest"]) {
  return unwrap(await client.POST("/v1/me/password", { body }));
}

export async function beginFactor(password: string) {
  return unwrap(await client.POST("/v1/me/factor", { body: { password } }));
}

export async function confirmFactor(code: string): Promise<string[]> {
  return unwrap(await client.POST("/v1/me/factor/confirm", { body: { code } })).recovery_codes;
}

export async function renewRecoveryCodes(body: GivenCode): Promise<string[]> {
  return unwrap(await client.POST("/v1/me/factor/recovery-codes", { body })).recovery_codes;
}

export async function removeFactor(body: GivenCode): Promise<void> {
  unwrap(await client.POST("/v1/me/factor/remove", { body }));
}
