import type { components } from "../src/api/schema";

type Schemas = components["schemas"];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time before now, or after it if negative. */
export function ago(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

let last = 0;

/** An id in the form of a ULID. */
export function id(): string {
  last += 1;
  return `01KA${String(last).padStart(22, "0")}`;
}

export const ACME = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
export const GLOBEX = "01JD3Q3Z9V8M4T6K2N7P5R1S0G";
export const ANA = "01JD3Q3Z9V8M4T6K2N7P5R1SMA";

/** Everything that a person types to sign in here. */
export const CREDENTIALS = {
  password: "seven red kites over Lisbon",
  code: "123456",
  recoveryCode: "k7wq-3xfp-9rtd",
};

const P = (
  key: Schemas["PermissionName"],
  area: Schemas["PermissionAreaName"],
  label: string,
  description: string,
) => ({
  key,
  area,
  label,
  description,
});

export const permissions: Schemas["PermissionResponse"][] = [
  P("projects.read", "projects", "View projects", "Read projects, environments, connectors and clients."),
  P("projects.write", "projects", "Manage projects", "Create and change projects and environments."),
  P("connectors.write", "projects", "Manage connectors", "Create, change and delete connectors."),
  P("deliveries.read", "projects", "View failed deliveries", "List deliveries and messages that were given up."),
  P("deliveries.redrive", "projects", "Retry failed deliveries", "Retry deliveries and messages that were given up."),
  P("chat_users.read", "chat_users", "View chat users", "Read chat users."),
  P("chat_users.block", "chat_users", "Block chat users", "Block and unblock chat users."),
  P("chat_users.erase", "chat_users", "Erase chat users", "Erase chat users with all that is kept about them."),
  P("end_users.read", "end_users", "View users", "Read the users of projects."),
  P("end_users.write", "end_users", "Manage users", "Add, change, import and delete users of projects."),
  P("access_requests.read", "access_requests", "View access requests", "Read access requests."),
  P("access_requests.decide", "access_requests", "Decide access requests", "Approve and reject access requests."),
  P("conversations.read", "conversations", "View conversations", "Read conversations and their messages."),
  P("conversations.reply", "conversations", "Reply in conversations", "Write into conversations, as the agent."),
  P("routing.override", "conversations", "Exceed limits", "Give conversations to members at their limit."),
  P("teams.read", "team", "View teams", "Read teams."),
  P("teams.manage", "team", "Manage teams", "Create, change and delete teams."),
  P("members.read", "team", "View the team", "Read members, invitations and roles."),
  P("members.manage", "team", "Manage the team", "Invite, change, suspend and remove members."),
  P("roles.manage", "team", "Manage roles", "Create, change and delete roles."),
  P("api_keys.manage", "api_keys", "Manage own API keys", "List, create, renew and revoke one's own API keys."),
  P(
    "api_keys.manage_account",
    "api_keys",
    "Manage all API keys",
    "List, create, renew and revoke keys of the account, and everybody's.",
  ),
  P("clients.manage", "account", "Manage clients", "Create, change and delete clients."),
  P("login_methods.manage", "account", "Manage login methods", "Set up, change and delete identity providers."),
  P("account.manage", "account", "Manage the account", "Change the account's name and its rules about signing in."),
  P("accounts.create", "account", "Create accounts", "Create further accounts."),
  P("audit.read", "account", "View the audit log", "Read and export the audit log."),
  P("webhooks.read", "account", "View webhooks", "Read webhooks and what was sent to them."),
  P("webhooks.write", "account", "Manage webhooks", "Create, change, test and delete webhooks."),
];

export const ALL = permissions.map(({ key }) => key);

const AGENT: Schemas["PermissionName"][] = [
  "projects.read",
  "chat_users.read",
  "access_requests.read",
  "teams.read",
  "conversations.read",
  "conversations.reply",
];

export const roles: Schemas["RoleResponse"][] = [
  { key: "super_admin", id: null, name: "Super Admin", description: null, permissions: ALL, built_in: true },
  { key: "agent", id: null, name: "Agent", description: null, permissions: AGENT, built_in: true },
  {
    key: "01JD3Q3Z9V8M4T6K2N7P5R1SRA",
    id: "01JD3Q3Z9V8M4T6K2N7P5R1SRA",
    name: "Campaign manager",
    description: "Lets people in while a campaign runs, and watches how it goes.",
    permissions: ["projects.read", "chat_users.read", "access_requests.read", "access_requests.decide"],
    built_in: false,
    created_at: ago(40 * DAY),
    updated_at: ago(12 * DAY),
  },
  {
    key: "01JD3Q3Z9V8M4T6K2N7P5R1SRB",
    id: "01JD3Q3Z9V8M4T6K2N7P5R1SRB",
    name: "Auditor",
    description: null,
    permissions: ["audit.read", "members.read"],
    built_in: false,
    created_at: ago(20 * DAY),
    updated_at: ago(20 * DAY),
  },
];

export const clients: Schemas["ClientResponse"][] = [
  ["Acme", ["sms", "whatsapp", "live_chat"], true] as const,
  ["Globex", ["live_chat", "whatsapp"], false] as const,
  ["Initech", ["sms"], false] as const,
].map(([name, channels, isDefault], index) => ({
  id: `01JD3Q3Z9V8M4T6K2N7P5R1SC${index}`,
  name,
  channels: [...channels],
  is_default: isDefault,
  created_at: ago((90 - index) * DAY),
  updated_at: ago(index * DAY),
}));

type MemberSeed = [string, string, string | null, Schemas["MemberStatusName"], number];

const seeds: MemberSeed[] = [
  ["Ana Sousa", "ana@example.com", "super_admin", "active", 90],
  ["Bo Lindqvist", "bo@example.com", "super_admin", "active", 80],
  ["Cy Okafor", "cy@example.com", "agent", "active", 60],
  ["Dai Nguyễn", "dai@example.com", "01JD3Q3Z9V8M4T6K2N7P5R1SRA", "active", 41],
  ["إيمان الحسن", "iman@example.com", "agent", "active", 30],
  [
    "Edgar Featherstonehaugh-Cholmondeley",
    "edgar.featherstonehaugh-cholmondeley@subsidiary.example.com",
    null,
    "active",
    22,
  ],
  ["Fay Brenner", "fay@example.com", "agent", "suspended", 15],
  ["Gus Marino", "gus@example.com", "agent", "pending", 3],
  ["Hana 山田", "hana@example.com", "super_admin", "pending", 2],
  ["", "ivo@example.com", "agent", "pending", 9],
  ["Jun Park", "jun@example.com", "agent", "pending", 1],
];

/** The work of a member who answers nowhere yet. */
export const noWork = (): Schemas["WorkResponse"] => ({ channels: {}, client_channels: {}, teams: [], skills: [] });

export const members: Schemas["MemberResponse"][] = seeds.map(([name, email, role, status, days], index) => {
  const held = roles.find(({ key }) => key === role);
  const extra: Schemas["PermissionName"][] = index === 2 ? ["access_requests.decide"] : [];
  return {
    id: index === 0 ? ANA : id(),
    email,
    name: name || email,
    role: held ? { key: held.key, name: held.name } : null,
    extra_permissions: extra,
    permissions: [...(held?.permissions ?? []), ...extra],
    clients: index === 2 ? [clients[0]?.id ?? "", clients[1]?.id ?? ""] : "all",
    status,
    invitation_id: status === "pending" ? id() : null,
    is_you: index === 0,
    last_seen_at: status === "pending" ? null : ago(index * 3 * HOUR),
    work: noWork(),
    availability: { state: status === "active" ? "available" : "offline", paused: [], since: ago((days / 2) * DAY) },
    created_at: ago(days * DAY),
    updated_at: ago((days / 2) * DAY),
  };
});

const actor = (member: Schemas["MemberResponse"] | undefined): Schemas["ActorResponse"] => ({
  id: `member:${member?.id}`,
  name: member?.name ?? "",
});

const T = (kind: Schemas["TimelineKind"], at: number, detail: string | null = null) => ({ kind, at: ago(at), detail });

const timelines: Schemas["TimelineEntry"][][] = [
  [
    T("invited", 3 * DAY),
    T("mail_queued", 3 * DAY),
    T("mail_sent", 3 * DAY - MINUTE),
    T("mail_delivered", 3 * DAY - 2 * MINUTE),
    T("opened", 5 * HOUR),
  ],
  [
    T("invited", 2 * DAY),
    T("mail_queued", 2 * DAY),
    T("mail_sent", 2 * DAY - MINUTE),
    T(
      "mail_bounced_hard",
      2 * DAY - 3 * MINUTE,
      "550 5.1.1 <hana@example.com>: Recipient address rejected: User unknown",
    ),
  ],
  [T("invited", 9 * DAY), T("mail_queued", 9 * DAY), T("mail_sent", 9 * DAY), T("mail_delivered", 9 * DAY)],
  [T("invited", DAY), T("link_copied", 20 * HOUR)],
];

export const invitations: Schemas["InvitationResponse"][] = members
  .filter(({ status }) => status === "pending")
  .map((member, index) => ({
    id: member.invitation_id ?? "",
    member,
    email: member.email,
    method: {
      kind: index === 3 ? "provider" : "password",
      login_method_id: index === 3 ? "01JD3Q3Z9V8M4T6K2N7P5R1SL0" : null,
      identifier: null,
    },
    status: index === 2 ? "expired" : "pending",
    mail_status: (["delivered", "bounced", "delivered", null] as const)[index] ?? null,
    timeline: timelines[index] ?? [],
    expires_at: ago(index === 2 ? 2 * DAY : -6 * DAY),
    resends_left: index === 0 ? 2 : 3,
    invited_by: actor(members[index % 2]),
    inviter_active: true,
  }));

export const loginMethods: Schemas["LoginMethodResponse"][] = [
  {
    id: "01JD3Q3Z9V8M4T6K2N7P5R1SL0",
    name: "Acme ID",
    provider: {
      kind: "open_id_connect",
      issuer: "https://id.acme.example",
      identifier_claim: "sub",
      scopes: ["openid", "email", "profile"],
      tenants: [],
    },
    client_id: "vestibule",
    client_secret: { set: true },
    redirect_uri: `https://chat.example.com/v1/auth/callback/${ACME}/01JD3Q3Z9V8M4T6K2N7P5R1SL0`,
    tried_at: ago(4 * DAY),
    created_at: ago(30 * DAY),
    updated_at: ago(4 * DAY),
  },
  {
    id: "01JD3Q3Z9V8M4T6K2N7P5R1SL1",
    name: "Forge",
    provider: {
      kind: "oauth2",
      authorization_url: "https://forge.example/login/oauth/authorize",
      token_url: "https://forge.example/login/oauth/access_token",
      user_info_url: "https://api.forge.example/user",
      identifier_field: "id",
      email_field: "email",
      name_field: "name",
      scopes: ["read:user"],
      tenants: [],
    },
    client_id: "Iv1.8a61f9b3a7aba766",
    client_secret: { set: true },
    redirect_uri: `https://chat.example.com/v1/auth/callback/${ACME}/01JD3Q3Z9V8M4T6K2N7P5R1SL1`,
    tried_at: null,
    created_at: ago(3 * DAY),
    updated_at: ago(3 * DAY),
  },
];

export const apiKeys: Schemas["ApiKeyResponse"][] = (
  [
    ["Nightly report", ["access_requests.read"], "account", -80, 2 * HOUR],
    ["Deployment", ALL, "account", -6, 10 * MINUTE],
    ["Ana's scripts", ["members.read", "audit.read"], "member", -200, 8 * DAY],
    ["Old import", ["projects.write"], "api_key", -20, null],
  ] as const
).map(([name, held, kind, days, used]) => ({
  id: id(),
  name,
  permissions: [...held],
  environment_id: null,
  owner: { kind, id: kind === "account" ? null : kind === "member" ? ANA : id() },
  created_by: actor(members[0]),
  created_at: ago(30 * DAY),
  expires_at: ago(days * DAY),
  last_used_at: used === null ? null : ago(used),
}));

/** An id that begins with its time, as the API finds entries by it. */
function idAt(minutes: number): string {
  let time = Date.now() - minutes * MINUTE;
  let letters = "";
  for (let place = 0; place < 10; place += 1) {
    letters = `${"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[time % 32]}${letters}`;
    time = Math.floor(time / 32);
  }
  return `${letters}${id().slice(10)}`;
}

const E = (minutes: number, who: number, action: string, target: string, before: unknown, after: unknown) => ({
  id: idAt(minutes),
  at: ago(minutes * MINUTE),
  actor: actor(members[who]),
  action,
  target,
  before,
  after,
  request_id: `JKJaX${last}PLvHcESHA=`,
});

export const audit: Schemas["AuditEntryResponse"][] = [
  E(4, 0, "member.invited", `member:${members[10]?.id}`, null, { email: "jun@example.com", role: "agent" }),
  E(
    9,
    0,
    "role.updated",
    "role:01JD3Q3Z9V8M4T6K2N7P5R1SRA",
    { name: "Campaigns", permissions: ["projects.read"] },
    { name: "Campaign manager", permissions: ["projects.read", "access_requests.decide"] },
  ),
  E(31, 2, "call.refused", `account:${ACME}`, null, { method: "POST", path: "/v1/roles", permission: "roles.manage" }),
  E(62, 1, "api_key.renewed", `api_key:${apiKeys[0]?.id}`, { expires_at: ago(0) }, { expires_at: ago(-90 * DAY) }),
  E(140, 0, "login.signed_in", "login:01JD3Q3Z9V8M4T6K2N7P5R1SMG", null, { method: "password" }),
  E(2_000, 1, "member.suspended", `member:${members[6]?.id}`, { status: "active" }, { status: "suspended" }),
  E(4_000, 1, "client.created", `client:${clients[2]?.id}`, null, { name: "Initech", channels: ["sms"] }),
  ...Array.from({ length: 120 }, (_, index) =>
    E(
      5_000 + index * 37,
      index % 4,
      "access_request.approved",
      `access_request:${id()}`,
      { status: "pending" },
      { status: "approved" },
    ),
  ),
];

export const sessions: Schemas["SessionResponse"][] = [
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0 Safari/537.36",
    "192.0.2.7",
    0,
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
    "198.51.100.23",
    3 * HOUR,
  ],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:151.0) Gecko/20100101 Firefox/151.0", "2001:db8::7", 2 * DAY],
].map(([device, address, used], index) => ({
  id: `ONSXG43JN5XHG2LPNZZWKZBAM${"ABC"[index]}`,
  current: index === 0,
  device: String(device),
  address: String(address),
  created_at: ago(Number(used) + DAY),
  last_active_at: ago(Number(used)),
  method: index === 2 ? "provider" : "password",
}));

export const account: Schemas["AccountResponse"] = {
  id: ACME,
  name: "Acme",
  rules: { factor_required: false, provider_factor_counts: true, sso_only: false },
  audit_days: 0,
  mail: { from: "chat@example.com", note: "The stack has a sender address: invitations go out by e-mail." },
};

export const me: Schemas["MeResponse"] = {
  login: {
    id: "01JD3Q3Z9V8M4T6K2N7P5R1SMG",
    email: "ana@example.com",
    name: "Ana Sousa",
    verified: true,
    factor: false,
  },
  session: { method: "password", expires_at: ago(-6 * DAY), missing: [] },
  preferences: {
    time_zone: null,
    hour_cycle: null,
    shortcuts: true,
    theme: "system",
    notices: true,
    muted_projects: [],
  },
  accounts: [
    {
      id: ACME,
      name: "Acme",
      member_id: ANA,
      role: { key: "super_admin", name: "Super Admin" },
      status: "active",
      opens: true,
    },
    {
      id: GLOBEX,
      name: "Globex Corporation",
      member_id: id(),
      role: { key: "agent", name: "Agent" },
      status: "active",
      opens: true,
    },
  ],
};

const project = (index: number, name: string): Schemas["ProjectResponse"] => ({
  id: `01JD3Q3Z9V8M4T6K2N7P5R1SP${index}`,
  name,
  history_days: 30,
  created_at: ago(60 * DAY),
  updated_at: ago(index * DAY),
});

/** The projects of each account. */
export const projects: Record<string, Schemas["ProjectResponse"][]> = {
  [ACME]: [project(0, "Help desk"), project(1, "Orders & returns"), project(2, "مكتب المساعدة")],
  [GLOBEX]: [project(3, "Concierge")],
};
