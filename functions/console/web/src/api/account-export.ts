import type { Account } from "./account";
import { client } from "./client";
import type { Permission } from "./me";
import { readAll } from "./query";

type Read = Parameters<typeof readAll<unknown>>[0];

/** Each list with the permission that it takes. */
const READERS: Readonly<Record<string, readonly [Permission, Read]>> = {
  members: ["members.read", (cursor) => client.GET("/v1/members", all(cursor))],
  invitations: ["members.read", (cursor) => client.GET("/v1/invitations", all(cursor))],
  roles: ["members.read", () => client.GET("/v1/roles")],
  clients: ["projects.read", (cursor) => client.GET("/v1/clients", all(cursor))],
  login_methods: ["login_methods.manage", () => client.GET("/v1/login-methods")],
  api_keys: ["api_keys.manage", (cursor) => client.GET("/v1/api-keys", all(cursor))],
};

function all(cursor: string | undefined) {
  return { params: { query: { cursor, limit: 100 } } };
}

/** Reads the parts of an account that the person may see. The API tells no secret. */
export async function exportAccount(account: Account, may: (permission: Permission) => boolean) {
  const lists: Record<string, unknown[]> = {};
  for (const [name, [permission, read]] of Object.entries(READERS)) {
    if (may(permission)) lists[name] = await readAll<unknown>(read);
  }
  return { account, ...lists };
}
