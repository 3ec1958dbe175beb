import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { client, currentAccount } from "./client";
import { isProblem, unwrap, unwrapTagged } from "./problems";
import { queryClient } from "./query";
import type { components } from "./schema";
import { session } from "./session";

export type Me = components["schemas"]["MeResponse"];
export type Permission = components["schemas"]["PermissionName"];
export type UpdatePreferences = components["schemas"]["UpdatePreferences"];

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

/** The account of the address. Only below `/console/a/{account}`. */
export function useAccount(): { id: string; name: string } {
  const me = useMe();
  const id = currentAccount() ?? "";
  return { id, name: me.accounts.find((account) => account.id === id)?.name ?? "" };
}
