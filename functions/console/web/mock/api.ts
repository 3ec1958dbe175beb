import type { components } from "../src/api/schema";
import {
  ACME,
  ANA,
  account,
  ago,
  apiKeys,
  audit,
  CREDENTIALS,
  clients,
  GLOBEX,
  id,
  invitations,
  loginMethods,
  me,
  members,
  permissions,
  projects,
  roles,
  sessions,
} from "./data.ts";
import { accountEnd, accountOf, ownLogin } from "./own-login.ts";
import {
  type Body,
  type Call,
  change,
  created,
  type Handler,
  invalid,
  NO_SESSION,
  ok,
  page,
  problem,
  type Reply,
  removeFrom,
  session,
  stale,
  tagged,
} from "./reply.ts";

function myPlace(accountId: string) {
  const mine = me.accounts.find((known) => known.id === accountId);
  if (!mine) return null;
  const held = roles.find(({ key }) => key === mine.role?.key);
  return {
    id: accountId,
    member_id: mine.member_id,
    permissions: held?.permissions ?? [],
    clients: "all" as const,
    rules: { factor_required: account.rules.factor_required, sso_only: account.rules.sso_only },
  };
}

/** The address that a session is for. */
function signedIn(cookie: string | undefined): string {
  return decodeURIComponent(/__Host-vestibule=\w+\.([^;]+)/.exec(cookie ?? "")?.[1] ?? "");
}

function readMe({ headers }: Call): Reply {
  const named = headers["vestibule-account"];
  const login = { ...me.login, email: signedIn(headers.cookie) || me.login.email };
  return tagged({ ...me, login, account: typeof named === "string" ? myPlace(named) : null });
}

function checkCode(body: Body): Reply | undefined {
  if (body.code === CREDENTIALS.code || body.recovery_code === CREDENTIALS.recoveryCode) return undefined;
  return problem(401, "wrong-code", "The code is not right", "Each code counts once: wait for the next one.");
}

function recoveryCodes() {
  return { recovery_codes: Array.from({ length: 10 }, (_, index) => `k7wq-3xfp-9rt${"abcdefghij"[index]}`) };
}

const LINK = "http://localhost:5173/console/invitation#vsi_3qWm8ZkT1nR5cXbL0hYv7pUd9sJf2aEg";

function invite({ body }: Call): Reply {
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(body.email ?? "")) {
    return invalid({ email: "must be an e-mail address such as ana@example.com" });
  }
  if (body.email.startsWith("often")) {
    return problem(429, "too-many-attempts", "There were too many attempts", "Wait.", {}, { "retry-after": "40" });
  }
  if (body.email.startsWith("blocked") && body.send !== false) {
    return problem(409, "address-blocked", "No mail goes to this address", "Lift the block.", {
      reason: "hard_bounce",
    });
  }
  const existing = invitations.find(({ email, status }) => email === body.email && status === "pending");
  if (existing && !body.on_conflict) {
    return problem(409, "already-invited", "The person is invited already", "Send it again, or repeat the call.", {
      invitation: existing,
    });
  }
  if (members.some(({ email, status }) => email === body.email && status === "active")) {
    return problem(
      409,
      "already-a-member",
      "The person is a member already",
      "The address has a member in this account.",
    );
  }
  const role = roles.find(({ key }) => key === (body.role ?? "agent"));
  const member: components["schemas"]["MemberResponse"] = {
    id: id(),
    email: body.email,
    name: body.name ?? body.email,
    role: role ? { key: role.key, name: role.name } : null,
    extra_permissions: body.extra_permissions ?? [],
    permissions: [...(role?.permissions ?? []), ...(body.extra_permissions ?? [])],
    clients: body.clients ?? "all",
    status: "pending",
    invitation_id: id(),
    is_you: false,
    created_at: ago(0),
    updated_at: ago(0),
  };
  const invitation: components["schemas"]["InvitationResponse"] = {
    id: member.invitation_id ?? "",
    member,
    email: member.email,
    method:
      body.method && body.method !== "password"
        ? { kind: "provider", login_method_id: body.method, identifier: body.identifier ?? null }
        : { kind: "password", login_method_id: null, identifier: null },
    status: "pending",
    mail_status: "queued",
    timeline: [
      { kind: "invited", at: ago(0), detail: null },
      { kind: "mail_queued", at: ago(0), detail: null },
    ],
    expires_at: ago(-(body.expires_in_days ?? 7) * 86_400_000),
    resends_left: 3,
    invited_by: { id: `member:${ANA}`, name: me.login.name },
    inviter_active: true,
  };
  if (existing && body.on_conflict === "resend") return created(existing);
  if (existing) {
    existing.status = "revoked";
    existing.member.status = "removed";
  }
  members.push(member);
  const isSent = body.send !== false && account.mail.from;
  if (!isSent) Object.assign(invitation, { mail_status: null, timeline: invitation.timeline.slice(0, 1) });
  invitations.unshift(invitation);
  return created(isSent ? invitation : { ...invitation, link: LINK });
}

const INVITED = {
  status: "pending",
  account: { id: ACME, name: "Acme" },
  invited_by: "Ana Sousa",
  role_name: "Agent",
  email: "gus@example.com",
  method: { kind: "password", provider: null },
  login: "new" as string | null,
  expires_at: ago(-5 * 86_400_000),
};

/** What the acceptance of an invitation is refused with: `vsi_too-many-accounts` … */
const ACCEPT_REFUSALS: Record<string, string> = {
  "wrong-login": "The invitation is for another address",
  "sign-in-to-accept": "The invited address has a login",
  "unverified-login": "The login's address is not proven",
  "too-many-accounts": "The login is a member of too many accounts",
  "already-a-member": "The person is a member already",
  "other-login-method": "The invitation asks for another way of signing in",
  "login-method-not-allowed": "The account no longer allows the invitation's login method",
};

/** Tokens that show each state of an invitation: `vsi_new`, `vsi_known`, `vsi_copied`, `vsi_provider`, `vsi_expired` … */
function inspectInvitation({ body }: Call): Reply {
  const kind = String(body.token ?? "").replace("vsi_", "");
  if (["expired", "revoked", "accepted"].includes(kind))
    return ok({ ...INVITED, status: kind, expires_at: kind === "expired" ? ago(2 * 86_400_000) : INVITED.expires_at });
  if (kind === "known") return ok({ ...INVITED, login: "known" });
  if (kind === "mine") return ok({ ...INVITED, email: me.login.email, login: "known" });
  if (kind === "copied") return ok({ ...INVITED, login: null });
  if (kind === "slow") {
    return problem(429, "too-many-attempts", "There were too many attempts", "Wait.", {}, { "retry-after": "40" });
  }
  if (kind === "provider") {
    const provider = { id: loginMethods[0]?.id, name: loginMethods[0]?.name };
    return ok({ ...INVITED, method: { kind: "provider", provider } });
  }
  if (kind === "new" || kind in ACCEPT_REFUSALS) return ok(INVITED);
  return problem(
    410,
    "token-not-valid",
    "The link is not valid",
    "It is incomplete, too old, was used, or never was valid.",
  );
}

function acceptInvitation({ body, headers }: Call): Reply {
  const kind = String(body.token ?? "").replace("vsi_", "");
  const title = ACCEPT_REFUSALS[kind];
  if (title) return problem(409, kind, title, "The page says what to do.");
  const isSignedIn = headers.cookie?.includes("__Host-vestibule=mock");
  if (isSignedIn) return ok({ account_id: ACME, status: "signed_in" });
  if (kind === "known") return problem(409, "sign-in-to-accept", "The invited address has a login", "Sign in.");
  if (!body.name) return invalid({ name: "is required" });
  if (kind === "copied" && String(body.name).startsWith("Known")) {
    return problem(401, "wrong-credentials", "E-mail address or password is not right", "Check both.");
  }
  return ok({ account_id: ACME, status: "signed_in" }, session(INVITED.email));
}

const ROUTES: readonly (readonly [string, Handler])[] = [
  [
    "GET /v1/auth/methods",
    ({ query }) =>
      ok({
        password: !account.rules.sso_only,
        providers:
          query.get("account") === ACME ? loginMethods.map(({ id: method, name }) => ({ id: method, name })) : [],
      }),
  ],
  [
    "POST /v1/auth/sign-in",
    ({ body }) => {
      if (String(body.email).startsWith("slow")) {
        return problem(429, "too-many-attempts", "There were too many attempts", "Wait.", {}, { "retry-after": "40" });
      }
      if (body.password !== CREDENTIALS.password) {
        return problem(401, "wrong-credentials", "E-mail address or password is not right", "Check both.");
      }
      if (String(body.email).startsWith("factor"))
        return ok({ status: "factor_required" }, session(body.email, "half"));
      return ok({ status: "signed_in" }, session(body.email));
    },
  ],
  [
    "POST /v1/auth/factor",
    ({ body, headers }) => checkCode(body) ?? ok({ status: "signed_in" }, session(signedIn(headers.cookie))),
  ],
  ["POST /v1/auth/sign-out", () => ({ status: 204, headers: { "set-cookie": NO_SESSION } })],
  ["POST /v1/auth/reset", () => ({ status: 202, body: {} })],
  [
    "POST /v1/auth/reset/inspect",
    ({ body }) =>
      String(body.token).startsWith("vsr_")
        ? ok({ email: "a…@example.com", factor: body.token === "vsr_factor" })
        : problem(
            410,
            "token-not-valid",
            "The link is not valid",
            "It is incomplete, too old, was used, or never was valid.",
          ),
  ],
  [
    "POST /v1/auth/reset/finish",
    ({ body }) =>
      String(body.password).length < 15
        ? invalid({ password: "must have at least 15 characters" })
        : ok(
            { status: body.token === "vsr_factor" && !body.code ? "factor_required" : "signed_in" },
            session("", body.token === "vsr_factor" && !body.code ? "half" : "mock"),
          ),
  ],
  ["POST /v1/auth/invitation/inspect", inspectInvitation],
  ["POST /v1/auth/invitation/accept", acceptInvitation],
  [
    "POST /v1/auth/providers/*/*/start",
    ({ body, path }) => {
      const problem =
        body.purpose === "sign_in"
          ? "problem=not-bound"
          : path.includes(loginMethods[1]?.id ?? "-")
            ? `problem=sign-in-failed&reason=${encodeURIComponent("token endpoint: the provider answered 401 (invalid_client)")}`
            : "ok";
      const state = encodeURIComponent(`${body.return_to ?? "/console/"}?from=provider#${problem}`);
      return ok(
        { location: `/v1/auth/callback/${ACME}/any?state=${state}` },
        body.purpose === "accept" ? session(INVITED.email) : {},
      );
    },
  ],
  [
    "GET /v1/auth/callback/*/*",
    ({ query }) => ({ status: 303, headers: { location: query.get("state") ?? "/console/" } }),
  ],

  ["GET /v1/me", readMe],
  [
    "PATCH /v1/me",
    (call) => {
      if (call.body.name) me.login.name = call.body.name;
      Object.assign(me.preferences, call.body.preferences);
      return readMe(call);
    },
  ],
  [
    "POST /v1/me/password",
    ({ body }) =>
      body.current !== CREDENTIALS.password
        ? problem(401, "wrong-credentials", "E-mail address or password is not right", "Check both.")
        : String(body.new).length < 15
          ? invalid({ new: "must have at least 15 characters" })
          : ok({ status: "signed_in" }),
  ],
  ["GET /v1/me/sessions", () => ok({ items: sessions })],
  ["DELETE /v1/me/sessions/*", (_, [session]) => removeFrom(sessions, (known) => known.id === session)],
  [
    "POST /v1/me/sessions/end-others",
    () => {
      sessions.splice(1);
      return ok();
    },
  ],
  [
    "POST /v1/me/factor",
    () =>
      created({
        secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        uri: "otpauth://totp/Vestibule:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Vestibule",
      }),
  ],
  [
    "POST /v1/me/factor/confirm",
    ({ body }) => {
      const refusal = checkCode(body);
      if (!refusal) me.login.factor = true;
      return refusal ?? ok(recoveryCodes());
    },
  ],
  ["POST /v1/me/factor/recovery-codes", ({ body }) => checkCode(body) ?? ok(recoveryCodes())],
  [
    "POST /v1/me/factor/remove",
    ({ body }) => {
      const refusal = checkCode(body);
      if (!refusal) me.login.factor = false;
      return refusal ?? ok();
    },
  ],

  ...ownLogin,
  ...accountEnd,
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
  ["GET /v1/permissions", () => ok({ items: permissions, next_cursor: null })],

  ["GET /v1/roles", () => ok({ items: roles, next_cursor: null })],
  [
    "POST /v1/roles",
    ({ body }) => {
      const taken = roles.find(({ name }) => name.toLowerCase() === String(body.name).toLowerCase());
      if (taken) return invalid({ name: "is the name of another role" });
      const role = {
        key: id(),
        name: body.name,
        description: body.description ?? null,
        permissions: body.permissions,
        built_in: false,
        created_at: ago(0),
        updated_at: ago(0),
      };
      roles.push({ ...role, id: role.key });
      return created(role);
    },
  ],
  [
    "GET /v1/roles/*",
    (_, [role]) =>
      change(
        roles,
        ({ key }) => key === role,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/roles/*",
    (call, [role]) =>
      change(
        roles,
        ({ key }) => key === role,
        (known) => stale(call, known) ?? void Object.assign(known, call.body, { updated_at: ago(0) }),
      ),
  ],
  [
    "DELETE /v1/roles/*",
    (_, [role]) => {
      const holders = members
        .filter((member) => member.role?.key === role)
        .map(({ id: member, name }) => ({ id: member, name }));
      if (holders.length > 0)
        return problem(409, "role-in-use", "Members hold the role", "Give them another role first.", {
          members: holders,
        });
      return removeFrom(roles, ({ key }) => key === role);
    },
  ],

  [
    "GET /v1/members",
    (call) => {
      const role = call.query.get("role");
      const status = call.query.get("status");
      return page(
        call,
        members.filter(
          (member) =>
            member.status !== "removed" &&
            (!role || (member.role?.key ?? "none") === role) &&
            (!status || member.status === status),
        ),
      );
    },
  ],
  [
    "GET /v1/members/*",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/members/*",
    (call, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          const refusal = stale(call, known);
          if (refusal) return refusal;
          const { role, ...rest } = call.body;
          if (
            known.is_you &&
            role !== undefined &&
            role !== "super_admin" &&
            !members.some((other) => !other.is_you && other.status === "active" && other.role?.key === "super_admin")
          ) {
            return problem(
              409,
              "last-super-admin",
              "An account keeps at least one active super admin",
              "Make another member a super admin first.",
            );
          }
          const held = roles.find(({ key }) => key === role);
          if (role !== undefined) known.role = held ? { key: held.key, name: held.name } : null;
          Object.assign(known, rest, { updated_at: ago(0) });
          const now = roles.find(({ key }) => key === known.role?.key);
          known.permissions = [...(now?.permissions ?? []), ...known.extra_permissions];
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/members/*/suspend",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          known.status = "suspended";
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/members/*/reinstate",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          known.status = "active";
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/members/*/remove",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          known.status = "removed";
          return ok({ member: known, ended: { api_keys: 1, invitations: 0 } });
        },
      ),
  ],

  ["GET /v1/invitations", (call) => page(call, invitations)],
  ["POST /v1/invitations", invite],
  [
    "GET /v1/invitations/*",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        () => undefined,
      ),
  ],
  [
    "POST /v1/invitations/*/resend",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        (known) => {
          if (known.resends_left === 0)
            return problem(
              429,
              "resends-used",
              "The invitation was sent again often enough",
              "Wait.",
              { again_at: ago(-86_400_000) },
              { "retry-after": "86400" },
            );
          known.resends_left -= 1;
          known.status = "pending";
          known.expires_at = ago(-7 * 86_400_000);
          known.mail_status = "queued";
          known.timeline.push(
            { kind: "resent", at: ago(0), detail: null },
            { kind: "mail_queued", at: ago(0), detail: null },
          );
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/invitations/*/revoke",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        (known) => {
          known.status = "revoked";
          known.member.status = "removed";
          return undefined;
        },
      ),
  ],
  ["POST /v1/invitations/*/link", () => ok({ url: LINK })],
  [
    "POST /v1/invitations/*/lift-mail-block",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        (known) => {
          known.mail_status = null;
          return undefined;
        },
      ),
  ],

  ["GET /v1/clients", (call) => page(call, clients)],
  [
    "POST /v1/clients",
    ({ body }) => {
      const client = {
        id: id(),
        name: body.name,
        channels: body.channels ?? [],
        is_default: false,
        created_at: ago(0),
        updated_at: ago(0),
      };
      clients.push(client);
      return created(client);
    },
  ],
  [
    "GET /v1/clients/*",
    (_, [client]) =>
      change(
        clients,
        (known) => known.id === client,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/clients/*",
    (call, [client]) =>
      change(
        clients,
        (known) => known.id === client,
        (known) => stale(call, known) ?? void Object.assign(known, call.body, { updated_at: ago(0) }),
      ),
  ],
  [
    "DELETE /v1/clients/*",
    (_, [client]) => {
      if (clients.find((known) => known.id === client)?.is_default)
        return problem(409, "default-client", "The default client stays", "It can be renamed.");
      if (clients.find((known) => known.id === client)?.name === "Globex") {
        const extras = {
          members: members.slice(2, 3).map(({ id: member, name }) => ({ id: member, name })),
          connectors: [{ id: "01JD3Q3Z9V8M4T6K2N7P5R1SK0", project_id: "01JD3Q3Z9V8M4T6K2N7P5R1SJ0" }],
        };
        return problem(409, "client-in-use", "The client is in use", "Change what uses it first.", extras);
      }
      return removeFrom(clients, (known) => known.id === client);
    },
  ],

  ["GET /v1/login-methods", () => ok({ items: loginMethods, next_cursor: null })],
  [
    "POST /v1/login-methods",
    ({ body }) => {
      const method = id();
      const { client_secret: _, ...rest } = body;
      const made = {
        ...rest,
        id: method,
        client_secret: { set: true },
        provider: { scopes: [], tenants: [], ...rest.provider },
        redirect_uri: `https://chat.example.com/v1/auth/callback/${ACME}/${method}`,
        tried_at: null,
        created_at: ago(0),
        updated_at: ago(0),
      };
      loginMethods.push(made);
      return created(made);
    },
  ],
  [
    "GET /v1/login-methods/*",
    (_, [method]) =>
      change(
        loginMethods,
        (known) => known.id === method,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/login-methods/*",
    (call, [method]) =>
      change(
        loginMethods,
        (known) => known.id === method,
        (known) => {
          const { client_secret: _, provider, ...rest } = call.body;
          return (
            stale(call, known) ?? void Object.assign(known, rest, { provider: { ...known.provider, ...provider } })
          );
        },
      ),
  ],
  ["DELETE /v1/login-methods/*", (_, [method]) => removeFrom(loginMethods, (known) => known.id === method)],
  [
    "POST /v1/login-methods/*/check",
    (_, [method]) => {
      const known = loginMethods.find((one) => one.id === method);
      if (known?.provider.kind !== "open_id_connect")
        return ok({ issuer: null, endpoints: null, problem: "the sign-in page could not be reached" });
      const issuer = known.provider.issuer;
      return ok({
        issuer,
        endpoints: {
          authorization: `${issuer}/authorize`,
          token: `${issuer}/token`,
          user_info: `${issuer}/userinfo`,
          keys: `${issuer}/keys`,
        },
        problem: null,
      });
    },
  ],

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

  [
    "GET /v1/audit",
    (call) => {
      const wanted = (name: string, value: string) => !call.query.get(name) || call.query.get(name) === value;
      const from = call.query.get("from") ?? "";
      const to = call.query.get("to") ?? "9";
      return page(
        call,
        audit.filter(
          (entry) =>
            wanted("actor", entry.actor.id) &&
            wanted("action", entry.action) &&
            wanted("target", entry.target) &&
            entry.at >= from &&
            entry.at < to,
        ),
      );
    },
  ],
  [
    "GET /v1/audit/export",
    ({ query }) => {
      const start = Number(query.get("cursor") ?? 0);
      const end = start + 20;
      const rows = audit.slice(start, end);
      const isCsv = query.get("format") !== "jsonl";
      const line = (entry: (typeof audit)[number]) =>
        `"${entry.id}","${entry.at}","${entry.actor.id}","${entry.action}"`;
      const text = isCsv
        ? ["id,at,actor_id,action", ...rows.map(line), ""].join("\r\n")
        : rows.map((entry) => `${JSON.stringify(entry)}\n`).join("");
      return {
        status: 200,
        body: text,
        headers: {
          "content-type": isCsv ? "text/csv; charset=utf-8" : "application/jsonl",
          ...(end < audit.length ? { "vestibule-next-cursor": String(end) } : {}),
        },
      };
    },
  ],
  [
    "GET /v1/projects/*/environments",
    (call) =>
      page(
        call,
        ["Development", "Staging", "Production"].map((name, position) => ({
          id: `01JD3Q3Z9V8M4T6K2N7P5R1SE${position}`,
          name,
          position,
          agent: null,
          created_at: ago(0),
          updated_at: ago(0),
        })),
      ),
  ],
  [
    "GET /v1/providers",
    () =>
      ok({
        items: [
          ["whatsapp_cloud", "WhatsApp", "whatsapp"],
          ["twilio_sms", "Twilio SMS", "sms"],
          ["slack", "Slack", "slack"],
          ["telegram", "Telegram", "telegram"],
          ["teams", "Microsoft Teams", "teams"],
        ].map(([provider, label, channel]) => ({ provider, label, channel })),
      }),
  ],
  ["GET /v1/projects", (call) => page(call, projects[String(call.headers["vestibule-account"])] ?? [])],
];

const OPEN = /^\/v1\/auth\//;

/** Answers a call as the API would. `MOCK_ROLE=agent` shows what a member with few permissions sees. */
export function answer(call: Call): Reply {
  if (call.method !== "GET" && call.headers["x-vestibule-console"] !== "1") {
    return problem(403, "cross-site-call", "The call does not come from a page of this site", "The header is missing.");
  }
  if (!OPEN.test(call.path) && !call.headers.cookie?.includes("__Host-vestibule=mock")) {
    return problem(401, "sign-in-again", "The call has no session, or one that has ended", "Sign in.");
  }
  if (
    !OPEN.test(call.path) &&
    !call.path.startsWith("/v1/me") &&
    call.headers["vestibule-account"] !== ACME &&
    call.headers["vestibule-account"] !== GLOBEX &&
    !me.accounts.some((known) => known.id === call.headers["vestibule-account"])
  ) {
    return problem(403, "not-a-member", "The session does not open this account", "Choose another one.");
  }
  for (const [route, handler] of ROUTES) {
    const [method, pattern] = route.split(" ");
    const found =
      method === call.method ? new RegExp(`^${pattern?.replaceAll("*", "([^/]+)")}$`).exec(call.path) : null;
    if (found) return handler(call, found.slice(1));
  }
  return problem(404, "no-such-route", "There is no such address", `${call.method} ${call.path}`);
}

if (process.env.MOCK_SENDER === "none") account.mail = { from: null, note: "Invitations are links to copy." };

if (process.env.MOCK_ROLE === "agent") {
  for (const mine of me.accounts) mine.role = { key: "agent", name: "Agent" };
}
