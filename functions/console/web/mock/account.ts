import { account, id, loginMethods, me } from "./data.ts";
import { accountOf } from "./own-login.ts";
import { created, problem, type Routes, stale, tagged } from "./reply.ts";

/** The account, and further ones. */
export const accountRoutes: Routes = [
  ["GET /v1/account", (call) => tagged(accountOf(call))],
  [
    "PATCH /v1/account",
    (call) => {
      const refusal = stale(call, account);
      if (refusal) return refusal;
      if (call.body.rules?.sso_only && !loginMethods.some(({ tried_at }) => tried_at)) {
        return problem(409, "provider-not-tried", "The account's provider is not tried yet", "Try it first.");
      }
      if (call.body.name) account.name = call.body.name;
      Object.assign(account.rules, call.body.rules);
      return tagged(account);
    },
  ],
  [
    "POST /v1/accounts",
    ({ body }) => {
      const made = { ...account, id: id(), name: body.name };
      me.accounts.push({
        id: made.id,
        name: made.name,
        member_id: id(),
        role: { key: "super_admin", name: "Super Admin" },
        status: "active",
        opens: true,
      });
      return created(made);
    },
  ],
];
