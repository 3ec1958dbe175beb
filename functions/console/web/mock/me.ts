import { account, CREDENTIALS, me, roles, sessions } from "./data.ts";
import {
  type Body,
  type Call,
  created,
  invalid,
  ok,
  problem,
  type Reply,
  type Routes,
  removeFrom,
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
export function signedIn(cookie: string | undefined): string {
  return decodeURIComponent(/__Host-vestibule=\w+\.([^;]+)/.exec(cookie ?? "")?.[1] ?? "");
}

function readMe({ headers }: Call): Reply {
  const named = headers["vestibule-account"];
  const login = { ...me.login, email: signedIn(headers.cookie) || me.login.email };
  return tagged({ ...me, login, account: typeof named === "string" ? myPlace(named) : null });
}

export function checkCode(body: Body): Reply | undefined {
  if (body.code === CREDENTIALS.code || body.recovery_code === CREDENTIALS.recoveryCode) return undefined;
  return problem(401, "wrong-code", "The code is not right", "Each code counts once: wait for the next one.");
}

function recoveryCodes() {
  return { recovery_codes: Array.from({ length: 10 }, (_, index) => `k7wq-3xfp-9rt${"abcdefghij"[index]}`) };
}

/** Who is signed in: login, sessions and second factor. */
export const meRoutes: Routes = [
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
    ({ body }) =>
      body.password !== CREDENTIALS.password
        ? problem(401, "wrong-credentials", "E-mail address or password is not right", "Check both.")
        : created({
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
];
