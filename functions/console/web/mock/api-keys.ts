import { ACME, ANA, ago, apiKeys, id, me } from "./data.ts";
import { change, created, ok, page, type Routes, removeFrom } from "./reply.ts";

/** API keys. */
export const apiKeysRoutes: Routes = [
  ["GET /v1/api-keys", (call) => page(call, apiKeys)],
  [
    "POST /v1/api-keys",
    ({ body }) => {
      const key = {
        id: id(),
        name: body.name,
        permissions: body.permissions,
        environment_id: body.environment_id ?? null,
        owner: body.owner === "account" ? { kind: "account" as const, id: null } : { kind: "member" as const, id: ANA },
        created_by: { id: `member:${ANA}`, name: me.login.name },
        created_at: ago(0),
        expires_at: ago(-(body.expires_in_days ?? 90) * 86_400_000),
        last_used_at: null,
      };
      apiKeys.unshift(key);
      return created({ ...key, key: `vst_${ACME}_Zk3vT9q1xLw7dHn5rYb2mCe8` });
    },
  ],
  [
    "GET /v1/api-keys/*/made",
    (_, [key]) =>
      ok({ items: apiKeys.filter((known) => known.owner.kind === "api_key" && known.id !== key), next_cursor: null }),
  ],
  [
    "POST /v1/api-keys/*/renew",
    ({ body }, [key]) =>
      change(
        apiKeys,
        (known) => known.id === key,
        (known) => {
          known.expires_at = ago(-(body.expires_in_days ?? 90) * 86_400_000);
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/api-keys/*/rotate",
    (_, [key]) =>
      change(
        apiKeys,
        (known) => known.id === key,
        (known) => ok({ ...known, key: `vst_${ACME}_Rt8sM2c6vQp4aJx9kWe1nUy7` }),
      ),
  ],
  [
    "DELETE /v1/api-keys/*",
    ({ query }, [key]) => {
      const gone = apiKeys.filter(
        (known) => known.id === key || (query.get("made") === "true" && known.owner.kind === "api_key"),
      );
      for (const { id: revoked } of gone) removeFrom(apiKeys, (known) => known.id === revoked);
      return ok({ revoked: gone.map(({ id: revoked }) => revoked), made: [] });
    },
  ],
];
