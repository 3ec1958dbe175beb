import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { client, currentAccount } from "./client";
import { isProblem, unwrap, unwrapTagged } from "./problems";
import { queryClient, readOptions } from "./query";
import type { components } from "./schema";
import { session } from "./session";

export type Me = components["schemas"]["MeResponse"];
export type Permission = components["schemas"]["PermissionName"];
/** A code of the second factor: of the app, or a recovery code. */
export type GivenCode = components["schemas"]["FactorRequest"];
export type UpdatePreferences = components["schemas"]["UpdatePreferences"];
export type Session = components["schemas"]["SessionResponse"];

/** The person who is signed in, with their permissions in the account of the address. */
export const meOptions = queryOptions({
  queryKey: ["me"],
  // Without the signal: a component that stops watching must not abort what the router waits for.
  queryFn: async () => {
    const me = unwrapTagged(await client.GET("/v1/me"));
    session.began(me.value.login.id);
    return me;
  },
  staleTime: 60_000,
});

/** The person who is signed in, on pages that everybody may see; null for nobody. */
export const visitorOptions = queryOptions({
  queryKey: ["visitor"],
  queryFn: async ({ signal }) => {
    try {
      return unwrap(await client.GET("/v1/me", { signal }));
    } catch (error) {
      if (isProblem(error, "sign-in-again", "unauthenticated")) return null;
      throw error;
    }
  },
});

/** The person who is signed in. Only below the routes that have read it. */
export function useMe(): Me {
  return useSuspenseQuery(meOptions).data.value;
}

/** The person who is signed in, if that is known here. */
export function useMaybeMe(): Me | undefined {
  return useQuery({ ...meOptions, enabled: false }).data?.value;
}

/** Whether the person holds a permission in the account of the address. */
export function useMay(): (permission: Permission) => boolean {
  const { account } = useMe();
  return (permission) => account?.permissions.includes(permission) ?? false;
}

export async function updateMe(body: components["schemas"]["UpdateMeRequest"], etag?: string): Promise<Me> {
  const me = unwrapTagged(await client.PATCH("/v1/me", { body, params: { header: { "If-Match": etag } } }));
  queryClient.setQueryData(meOptions.queryKey, me);
  return me.value;
}

/** Tries at a record that others keep changing. */
const ATTEMPTS = 3;

/** Switches notices of one project off or on, and leaves what another tab chose for others. */
export async function muteProject(id: string, isMuted: boolean): Promise<Me> {
  for (let attempt = 1; ; attempt += 1) {
    const { value, etag } = await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
    const others = value.preferences.muted_projects.filter((muted) => muted !== id);
    try {
      return await updateMe({ preferences: { muted_projects: isMuted ? [...others, id] : others } }, etag);
    } catch (error) {
      if (!isProblem(error, "precondition-failed") || attempt === ATTEMPTS) throw error;
    }
  }
}

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

/** The account of the address. Only below `/console/a/{account}`. */
export function useAccount(): { id: string; name: string } {
  const me = useMe();
  const id = currentAccount() ?? "";
  return { id, name: me.accounts.find((account) => account.id === id)?.name ?? "" };
}
