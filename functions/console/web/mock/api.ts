import { accessRequestsRoutes } from "./access-requests.ts";
import { accountRoutes } from "./account.ts";
import { apiKeysRoutes } from "./api-keys.ts";
import { auditRoutes } from "./audit.ts";
import { authRoutes } from "./auth.ts";
import { chatUsersRoutes } from "./chat-users.ts";
import { clientsRoutes } from "./clients.ts";
import { connectorsRoutes } from "./connectors.ts";
import { conversationsRoutes } from "./conversations.ts";
import { ACME, account, GLOBEX, me } from "./data.ts";
import { endUsersRoutes } from "./end-users.ts";
import { environmentsRoutes } from "./environments.ts";
import { figuresRoutes } from "./figures.ts";
import { importsRoutes } from "./imports.ts";
import { invitationsRoutes } from "./invitations.ts";
import { loginMethodsRoutes } from "./login-methods.ts";
import { meRoutes } from "./me.ts";
import { membersRoutes } from "./members.ts";
import { accountEnd, ownLogin } from "./own-login.ts";
import { projectsRoutes } from "./projects.ts";
import { type Call, problem, type Reply, type Routes } from "./reply.ts";
import { rolesRoutes } from "./roles.ts";
import { teamsRoutes } from "./teams.ts";
import { webhooksRoutes } from "./webhooks.ts";

const ROUTES: Routes = [
  ...authRoutes,
  ...meRoutes,
  ...ownLogin,
  ...accountEnd,
  ...accountRoutes,
  ...rolesRoutes,
  ...membersRoutes,
  ...invitationsRoutes,
  ...clientsRoutes,
  ...loginMethodsRoutes,
  ...apiKeysRoutes,
  ...webhooksRoutes,
  ...auditRoutes,
  ...importsRoutes,
  ...endUsersRoutes,
  ...environmentsRoutes,
  ...connectorsRoutes,
  ...teamsRoutes,
  ...conversationsRoutes,
  ...figuresRoutes,
  ...chatUsersRoutes,
  ...accessRequestsRoutes,
  ...projectsRoutes,
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
