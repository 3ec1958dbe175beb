import { ACME, account, ago, CREDENTIALS, loginMethods, me } from "./data.ts";
import { checkCode, signedIn } from "./me.ts";
import { type Call, invalid, NO_SESSION, ok, problem, type Reply, type Routes, session } from "./reply.ts";

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

/** The problem by which the acceptance of an invitation is refused: `vsi_too-many-accounts` … */
const ACCEPT_REFUSALS: Record<string, string> = {
  "wrong-login": "The invitation is for another address",
  "sign-in-to-accept": "The invited address has a login",
  "unverified-login": "The login's address is not proven",
  "link-outgrown": "The invitee was given more after the link was copied",
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

/** Sign-in, resets and invitations before anybody is signed in. */
export const authRoutes: Routes = [
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
];
