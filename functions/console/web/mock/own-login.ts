import { ACME, account, ago, CREDENTIALS, me, members, projects, sessions } from "./data.ts";
import {
  type Call,
  invalid,
  NO_SESSION,
  notFound,
  ok,
  problem,
  type Reply,
  type Routes,
  removeFrom,
  session,
  stale,
} from "./reply.ts";

/** Pictures of members, by their ids. */
const images = new Map<string, Buffer>();
/** Where the address goes once its link is taken. */
let wanted = "ana@example.org";

const wrongPassword = () => problem(401, "wrong-credentials", "E-mail address or password is not right", "Check both.");

const lastAdmin = (accounts: { id: string; name: string }[]) =>
  problem(
    409,
    "last-super-admin-of",
    "An account would have no active super admin",
    "`accounts` lists the accounts whose last active super admin this is. Make another member a super admin first.",
    { accounts },
  );

function changeAddress({ body }: Call): Reply {
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(body.email ?? "")) {
    return invalid({ email: "must be an e-mail address such as ana@example.com" });
  }
  if (account.mail.from === null) return problem(409, "no-sender", "The stack sends no mail", "The operator sets one.");
  if (String(body.email).startsWith("slow")) {
    return problem(429, "too-many-attempts", "There were too many attempts", "Wait.", {}, { "retry-after": "40" });
  }
  if (body.password !== CREDENTIALS.password) return wrongPassword();
  wanted = body.email;
  return { status: 202, body: {} };
}

/** Tokens end in what becomes of them: `…_taken…` for an address that another login has, `…_spent…` for one that was used. */
function confirmAddress({ body }: Call): Reply {
  const token = String(body.token);
  if (!token.startsWith(`vsa_${me.login.id}_`) || token.includes("spent")) {
    return problem(410, "token-not-valid", "The link is not valid", "Ask for a new one.");
  }
  if (token.includes("taken")) return problem(409, "address-taken", "Another login has the address", "Take another.");
  me.login.email = wanted;
  for (const member of members) if (member.is_you) member.email = wanted;
  sessions.splice(1);
  return ok({ status: "signed_in" }, session());
}

/** The accounts that lose their last super admin with this person: those that the mock made as further accounts. */
function lastOf(accounts: typeof me.accounts) {
  const isAnother = (member: (typeof members)[number]) =>
    !member.is_you && member.status === "active" && member.role?.key === "super_admin";
  return accounts
    .filter((mine) => mine.role?.key === "super_admin" && (mine.id !== ACME || !members.some(isAnother)))
    .map(({ id: accountId, name }) => ({ id: accountId, name }));
}

function leave(_: Call, [left]: string[]): Reply {
  const mine = me.accounts.find((known) => known.id === left);
  if (!mine) return notFound();
  const last = lastOf([mine]);
  if (last.length > 0) return lastAdmin(last);
  me.accounts.splice(me.accounts.indexOf(mine), 1);
  return ok();
}

function exportLogin(): Reply {
  const { name, email, id: login } = me.login;
  return ok(
    {
      login: {
        id: login,
        email,
        name,
        verified_at: ago(0),
        password_set_at: ago(0),
        factor_confirmed_at: null,
        created_at: ago(0),
        updated_at: ago(0),
      },
      preferences: me.preferences,
      memberships: me.accounts.map((mine) => ({ account_id: mine.id, account_name: mine.name, role: mine.role })),
      sessions,
      devices: [{ last_seen_at: ago(0) }],
      identities: [],
    },
    { "content-disposition": 'attachment; filename="login.json"' },
  );
}

function deleteLogin({ body }: Call): Reply {
  if (body.password !== CREDENTIALS.password) return wrongPassword();
  const last = lastOf(me.accounts);
  if (last.length > 0) return lastAdmin(last);
  return { status: 204, headers: { "set-cookie": NO_SESSION } };
}

/** The kind of a picture, as its bytes tell it. */
function kindOf(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 3).toString("hex") === "ffd8ff") return "image/jpeg";
  if (bytes.subarray(1, 4).toString() === "PNG") return "image/png";
  return bytes.subarray(8, 12).toString() === "WEBP" ? "image/webp" : undefined;
}

function putImage({ body }: Call, [member = ""]: string[]): Reply {
  const bytes = Buffer.from(String(body.image ?? ""), "base64");
  if (bytes.length > 102_400) return invalid({ image: "must have at most 102400 bytes" });
  if (!kindOf(bytes)) return invalid({ image: "must be a PNG, JPEG or WebP image" });
  images.set(member, bytes);
  return ok();
}

function getImage(_: Call, [member = ""]: string[]): Reply {
  const bytes = images.get(member);
  if (!bytes) return ok();
  return { status: 200, body: bytes, headers: { "content-type": kindOf(bytes) ?? "", etag: '"1"' } };
}

/** The identities of the login. The one of the account is its only way in while members may sign in at a provider only. */
const identities = [
  {
    id: "ONSXG43JN5XHG2LPNZZWKZBAMF",
    account: { id: ACME, name: account.name },
    login_method_id: "01JD3Q3Z9V8M4T6K2N7P5R1SL0",
  },
];

function disconnect(_: Call, [wantedId]: string[]): Reply {
  if (account.rules.sso_only) {
    return problem(
      409,
      "identity-required-by",
      "An account lets its members in at a provider only",
      "`accounts` lists the accounts to which no other identity of the login leads.",
      { accounts: identities.filter(({ id }) => id === wantedId).map((identity) => identity.account) },
    );
  }
  return removeFrom(identities, ({ id }) => id === wantedId);
}

/** The routes of one's own login, and of members' pictures. */
export const ownLogin: Routes = [
  ["POST /v1/me/address", changeAddress],
  ["POST /v1/me/address/confirm", confirmAddress],
  ["POST /v1/me/accounts/*/leave", leave],
  ["GET /v1/me/identities", () => ok({ items: identities })],
  ["DELETE /v1/me/identities/*", disconnect],
  ["GET /v1/me/export", exportLogin],
  ["POST /v1/me/delete", deleteLogin],
  ["GET /v1/members/*/image", getImage],
  ["PUT /v1/members/*/image", putImage],
  [
    "DELETE /v1/members/*/image",
    (_, [member = ""]) => {
      images.delete(member);
      return ok();
    },
  ],
];

/** Calls that an account's members take to remove. */
let left = 2;

/** The account that a call names. All have the rules of one. */
export function accountOf({ headers }: Call) {
  const mine = me.accounts.find((known) => known.id === headers["vestibule-account"]);
  return mine && mine.id !== ACME ? { ...account, id: mine.id, name: mine.name } : account;
}

function deleteAccount(call: Call): Reply {
  const named = String(call.headers["vestibule-account"]);
  const mine = me.accounts.find((known) => known.id === named);
  if (!mine) return notFound();
  if (call.body.name !== mine.name) return invalid({ name: "must be the account's name" });
  const refusal = stale(call, accountOf(call));
  if (refusal) return refusal;
  if (named === ACME) {
    return problem(409, "first-account", "The stack's first account stays", "It goes with the stack.");
  }
  const count = (projects[named] ?? []).length;
  if (count > 0) {
    return problem(409, "account-has-projects", "The account has projects", "Delete them first.", { projects: count });
  }
  left -= 1;
  if (left > 0) return ok({ done: false });
  left = 2;
  me.accounts.splice(me.accounts.indexOf(mine), 1);
  return ok({ done: true });
}

export const accountEnd: Routes = [["DELETE /v1/account", deleteAccount]];
