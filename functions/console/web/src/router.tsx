import { createRootRoute, createRoute, createRouter, redirect, type SearchSchemaInput } from "@tanstack/react-router";
import { addressLink } from "./address-link";
import { currentAccount, setAccount } from "./api/client";
import { meOptions, type Permission } from "./api/me";
import { isProblem } from "./api/problems";
import { projectsOptions } from "./api/projects";
import { queryClient } from "./api/query";
import { session } from "./api/session";
import { lazyPage } from "./code";
import { AccountLayout } from "./frame/account-layout";
import { FailedPage, LoadingPage, NotFoundPage } from "./frame/pages";
import { ProjectLayout } from "./frame/project-layout";
import { Root } from "./frame/root";
import { SignedInLayout } from "./frame/signed-in-layout";
import { navigateWith, noteNavigation, noteStart } from "./navigation";
import { applyPreferences } from "./preferences";
import { preferredAccount } from "./preferred-account";
import { preferredProject } from "./preferred-project";
import { day, flag, oneOf, text } from "./search";
import { storage } from "./storage";
import { frame } from "./texts/en/frame";

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** Title of the page, before the account and the product. */
    title?: string;
    /** Permission without which the page is not shown. */
    permission?: Permission;
  }
}

type Raw = Record<string, unknown> & SearchSchemaInput;

const root = createRootRoute({ component: Root, notFoundComponent: NotFoundPage });

// ---------------------------------------------------------------- Before signing in

const signInSearch = (raw: Raw) => ({ return_to: text(raw, "return_to") });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw: Raw) => ({
    ...signInSearch(raw),
    /** The reason for which the session ended. */
    after: oneOf(raw, "after", ["deletion"]),
  }),
  staticData: { title: frame.signIn },
  component: lazyPage(() => import("./pages/sign-in/sign-in-page"), "SignInPage"),
});

const accountSignIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/$account",
  validateSearch: signInSearch,
  staticData: { title: frame.signIn },
  component: lazyPage(() => import("./pages/sign-in/sign-in-page"), "AccountSignInPage"),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  staticData: { title: frame.reset },
  component: lazyPage(() => import("./pages/reset/reset-page"), "ResetPage"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  staticData: { title: frame.invitation },
  component: lazyPage(() => import("./pages/invitation/invitation-page"), "InvitationPage"),
});

// ---------------------------------------------------------------- Signed in

/** Reads who is signed in, for an account; leads to the sign-in if nobody is. */
async function readMe(account: string | undefined, address: string) {
  if (account !== currentAccount()) {
    // Nothing of one account may show in another.
    await queryClient.cancelQueries();
    queryClient.clear();
    setAccount(account);
  }
  try {
    const { value } = await queryClient.ensureQueryData(meOptions);
    applyPreferences(value.preferences);
    return value;
  } catch (error) {
    if (!isProblem(error, "sign-in-again", "unauthenticated") || session.loginId) throw error;
    const search = { return_to: address };
    throw account
      ? redirect({ to: "/sign-in/$account", params: { account }, search })
      : redirect({ to: "/sign-in", search });
  }
}

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async ({ location }) => {
    const me = await readMe(storage.get("account") ?? undefined, location.publicHref);
    const account = preferredAccount(me.accounts);
    if (!account) throw redirect({ to: "/profile", replace: true });
    throw redirect({ to: "/a/$account", params: { account }, replace: true });
  },
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ location }) => {
    // Before anybody signs in: the way back from there stands in an address.
    if (addressLink.take(location.hash)) throw redirect({ to: "/profile", replace: true });
    const me = await readMe(storage.get("account") ?? currentAccount(), location.publicHref);
    const account = preferredAccount(me.accounts);
    if (account !== currentAccount()) await readMe(account, location.publicHref);
  },
  component: SignedInLayout,
});

const profile = createRoute({
  getParentRoute: () => signedIn,
  path: "/profile",
  validateSearch: (raw: Raw) => ({ tab: oneOf(raw, "tab", ["security", "sessions", "preferences"]) }),
  staticData: { title: frame.profile },
  component: lazyPage(() => import("./pages/profile/profile-page"), "ProfilePage"),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/a/$account",
  validateSearch: (raw: Raw) => ({
    /** The form of a new project is open. */
    new_project: flag(raw, "new_project"),
  }),
  beforeLoad: async ({ params, location }) => {
    await readMe(params.account, location.publicHref);
    storage.set("account", params.account);
  },
  component: AccountLayout,
});

const accountStart = createRoute({
  getParentRoute: () => account,
  path: "/",
  beforeLoad: async ({ params }) => {
    const project = await startProject();
    if (!project) throw redirect({ to: "/a/$account/settings", params, replace: true });
    throw redirect({ to: "/a/$account/p/$project/requests", params: { ...params, project }, replace: true });
  },
});

/** The project whose requests an account begins with, where the person may see them. */
async function startProject(): Promise<string | undefined> {
  const held = (await queryClient.ensureQueryData(meOptions)).value.account?.permissions ?? [];
  if (!held.includes("projects.read") || !held.includes("access_requests.read")) return undefined;
  return preferredProject(await queryClient.ensureQueryData(projectsOptions), storage.get("project"));
}

const project = createRoute({
  getParentRoute: () => account,
  path: "/p/$project",
  beforeLoad: ({ params }) => storage.set("project", params.project),
  component: ProjectLayout,
});

const projectStart = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/a/$account/p/$project/requests", params, replace: true });
  },
});

const requests = createRoute({
  getParentRoute: () => project,
  path: "/requests",
  validateSearch: (raw: Raw) => ({
    tab: oneOf(raw, "tab", ["approved", "history"]),
    /** In the history, the state that is shown; rejected requests if none is named. */
    status: oneOf(raw, "status", ["all"]),
    q: text(raw, "q"),
    connector: text(raw, "connector"),
    provider: text(raw, "provider"),
    age: oneOf(raw, "age", ["1d", "7d", "30d", "dates"]),
    from: day(raw, "from"),
    to: day(raw, "to"),
    order: oneOf(raw, "order", ["newest", "oldest", "last_message"]),
    /** Request whose approval is being written. */
    approve: text(raw, "approve"),
    /** Request whose rejection is being written. */
    reject: text(raw, "reject"),
  }),
  staticData: { title: frame.requests, permission: "access_requests.read" },
  component: lazyPage(() => import("./pages/requests/requests-page"), "RequestsPage"),
});

const request = createRoute({
  getParentRoute: () => requests,
  path: "/$id",
  staticData: { title: frame.requests, permission: "access_requests.read" },
});

const connectors = createRoute({
  getParentRoute: () => project,
  path: "/connectors",
  validateSearch: (raw: Raw) => ({
    environment: text(raw, "environment"),
    /** Id of the connector whose onboarding is being turned on or off. */
    toggle: text(raw, "toggle"),
  }),
  staticData: { title: frame.connectors, permission: "projects.read" },
  component: lazyPage(() => import("./pages/connectors/connectors-page"), "ConnectorsPage"),
});

const newConnector = createRoute({
  getParentRoute: () => project,
  path: "/connectors/new",
  staticData: { title: frame.newConnector, permission: "connectors.write" },
  component: lazyPage(() => import("./pages/connectors/new/choose-platform"), "ChoosePlatform"),
});

const newConnectorOf = createRoute({
  getParentRoute: () => project,
  path: "/connectors/new/$provider",
  validateSearch: (raw: Raw) => ({
    /** Id of the connector, once it is made. */
    connector: text(raw, "connector"),
    step: oneOf(raw, "step", ["address", "test", "policy"]),
  }),
  staticData: { title: frame.newConnector, permission: "connectors.write" },
  component: lazyPage(() => import("./pages/connectors/new/set-up-page"), "SetUpPage"),
});

const connector = createRoute({
  getParentRoute: () => project,
  path: "/connectors/$id",
  validateSearch: (raw: Raw) => ({
    toggle: flag(raw, "toggle"),
    /** The field that the page begins at. */
    field: oneOf(raw, "field", ["limit"]),
  }),
  staticData: { title: frame.connectors, permission: "projects.read" },
  component: lazyPage(() => import("./pages/connectors/connector-page"), "ConnectorPage"),
});

const people = createRoute({
  getParentRoute: () => project,
  path: "/people",
  validateSearch: (raw: Raw) => ({
    tab: oneOf(raw, "tab", ["active", "blocked"]),
    q: text(raw, "q"),
    provider: text(raw, "provider"),
  }),
  staticData: { title: frame.people, permission: "chat_users.read" },
  component: lazyPage(() => import("./pages/people/people-page"), "PeoplePage"),
});

const person = createRoute({
  getParentRoute: () => project,
  path: "/people/$id",
  validateSearch: (raw: Raw) => ({ open: oneOf(raw, "open", ["approve", "block", "link"]) }),
  staticData: { title: frame.people, permission: "chat_users.read" },
  component: lazyPage(() => import("./pages/people/person-page"), "PersonPage"),
});

const conversations = createRoute({
  getParentRoute: () => project,
  path: "/conversations",
  validateSearch: (raw: Raw) => ({
    view: oneOf(raw, "view", ["queue", "assigned", "agent", "all"]),
    client: text(raw, "client"),
    channel: text(raw, "channel"),
    team: text(raw, "team"),
    /** Details stand in the place of the thread, where there is no room for both. */
    details: flag(raw, "details"),
  }),
  staticData: { title: frame.conversations, permission: "conversations.read" },
  component: lazyPage(() => import("./pages/conversations/conversations-page"), "ConversationsPage"),
});

const conversation = createRoute({
  getParentRoute: () => conversations,
  path: "/$id",
  staticData: { title: frame.conversations, permission: "conversations.read" },
});

const figures = createRoute({
  getParentRoute: () => project,
  path: "/figures",
  validateSearch: (raw: Raw) => ({
    from: day(raw, "from"),
    to: day(raw, "to"),
    client: text(raw, "client"),
    channel: text(raw, "channel"),
    team: text(raw, "team"),
  }),
  staticData: { title: frame.figures, permission: "conversations.read" },
  component: lazyPage(() => import("./pages/figures/figures-page"), "FiguresPage"),
});

const projectSettings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  component: lazyPage(() => import("./frame/project-settings-start"), "ProjectSettingsStart"),
});

const general = createRoute({
  getParentRoute: () => project,
  path: "/settings/general",
  staticData: { title: frame.general, permission: "projects.read" },
  component: lazyPage(() => import("./pages/project/general-page"), "GeneralPage"),
});

const endUsers = createRoute({
  getParentRoute: () => project,
  path: "/settings/users",
  validateSearch: (raw: Raw) => ({
    q: text(raw, "q"),
    environment: text(raw, "environment"),
    source: oneOf(raw, "source", ["invited", "self_registered"]),
    order: oneOf(raw, "order", ["oldest", "name"]),
  }),
  staticData: { title: frame.usersManagement, permission: "end_users.read" },
  component: lazyPage(() => import("./pages/users/users-page"), "UsersPage"),
});

const newEndUser = createRoute({
  getParentRoute: () => project,
  path: "/settings/users/new",
  staticData: { title: frame.addUser, permission: "end_users.write" },
  component: lazyPage(() => import("./pages/users/new-user-page"), "NewUserPage"),
});

const newImport = createRoute({
  getParentRoute: () => project,
  path: "/settings/users/import",
  staticData: { title: frame.importUsers, permission: "end_users.write" },
  component: lazyPage(() => import("./pages/users/import/file-page"), "FilePage"),
});

const userImport = createRoute({
  getParentRoute: () => project,
  path: "/settings/users/import/$import",
  validateSearch: (raw: Raw) => ({
    /** Step that is shown, where the import itself does not say: its columns. */
    step: oneOf(raw, "step", ["columns"]),
  }),
  staticData: { title: frame.importUsers, permission: "end_users.write" },
  component: lazyPage(() => import("./pages/users/import/import-page"), "ImportPage"),
});

const endUser = createRoute({
  getParentRoute: () => project,
  path: "/settings/users/$id",
  staticData: { title: frame.usersManagement, permission: "end_users.read" },
  component: lazyPage(() => import("./pages/users/user-page"), "UserPage"),
});

const environments = createRoute({
  getParentRoute: () => project,
  path: "/settings/environments",
  validateSearch: (raw: Raw) => ({ create: flag(raw, "create") }),
  staticData: { title: frame.environments, permission: "projects.read" },
  component: lazyPage(() => import("./pages/environments/environments-page"), "EnvironmentsPage"),
});

const environment = createRoute({
  getParentRoute: () => project,
  path: "/settings/environments/$id",
  staticData: { title: frame.environments, permission: "projects.read" },
  component: lazyPage(() => import("./pages/environments/environment-page"), "EnvironmentPage"),
});

const settings = createRoute({
  getParentRoute: () => account,
  path: "/settings",
  component: lazyPage(() => import("./frame/settings-start"), "SettingsStart"),
});

const users = createRoute({
  getParentRoute: () => account,
  path: "/settings/users",
  validateSearch: (raw: Raw) => ({
    q: text(raw, "q"),
    role: text(raw, "role"),
    status: oneOf(raw, "status", ["pending", "active", "suspended"]),
    team: text(raw, "team"),
    /** The short form of an invitation is open. */
    invite: flag(raw, "invite"),
  }),
  staticData: { title: frame.users, permission: "members.read" },
  component: lazyPage(() => import("./pages/settings/users/users-page"), "UsersPage"),
});

const newUser = createRoute({
  getParentRoute: () => account,
  path: "/settings/users/new",
  staticData: { title: frame.addUser, permission: "members.manage" },
  component: lazyPage(() => import("./pages/settings/users/new-user-page"), "NewUserPage"),
});

const user = createRoute({
  getParentRoute: () => account,
  path: "/settings/users/$id",
  staticData: { title: frame.users, permission: "members.read" },
  component: lazyPage(() => import("./pages/settings/users/user-page"), "UserPage"),
});

const roles = createRoute({
  getParentRoute: () => account,
  path: "/settings/roles",
  validateSearch: (raw: Raw) => ({ open: text(raw, "open"), create: flag(raw, "create") }),
  staticData: { title: frame.roles, permission: "members.read" },
  component: lazyPage(() => import("./pages/settings/roles/roles-page"), "RolesPage"),
});

const clients = createRoute({
  getParentRoute: () => account,
  path: "/settings/clients",
  validateSearch: (raw: Raw) => ({ open: text(raw, "open"), create: flag(raw, "create") }),
  staticData: { title: frame.clients, permission: "projects.read" },
  component: lazyPage(() => import("./pages/settings/clients/clients-page"), "ClientsPage"),
});

const teams = createRoute({
  getParentRoute: () => account,
  path: "/settings/teams",
  validateSearch: (raw: Raw) => ({ open: text(raw, "open"), create: flag(raw, "create") }),
  staticData: { title: frame.teams, permission: "teams.read" },
  component: lazyPage(() => import("./pages/settings/teams/teams-page"), "TeamsPage"),
});

const channels = createRoute({
  getParentRoute: () => account,
  path: "/settings/channels",
  validateSearch: (raw: Raw) => ({ create: flag(raw, "create") }),
  staticData: { title: frame.channels, permission: "projects.read" },
  component: lazyPage(() => import("./pages/settings/channels/channels-page"), "ChannelsPage"),
});

const loginMethods = createRoute({
  getParentRoute: () => account,
  path: "/settings/login-methods",
  validateSearch: (raw: Raw) => ({
    open: text(raw, "open"),
    /** Kind of the login method whose form is open. */
    create: oneOf(raw, "create", ["open_id_connect", "oauth2"]),
  }),
  staticData: { title: frame.loginMethods, permission: "login_methods.manage" },
  component: lazyPage(() => import("./pages/settings/login-methods/login-methods-page"), "LoginMethodsPage"),
});

const apiKeys = createRoute({
  getParentRoute: () => account,
  path: "/settings/api-keys",
  validateSearch: (raw: Raw) => ({ open: text(raw, "open"), create: flag(raw, "create") }),
  staticData: { title: frame.apiKeys, permission: "api_keys.manage" },
  component: lazyPage(() => import("./pages/settings/api-keys/api-keys-page"), "ApiKeysPage"),
});

const webhooks = createRoute({
  getParentRoute: () => account,
  path: "/settings/webhooks",
  validateSearch: (raw: Raw) => ({
    open: text(raw, "open"),
    create: flag(raw, "create"),
    /** Status of the deliveries that are shown. */
    status: oneOf(raw, "status", ["waiting", "delivered", "failed"]),
  }),
  staticData: { title: frame.webhooks, permission: "webhooks.read" },
  component: lazyPage(() => import("./pages/settings/webhooks/webhooks-page"), "WebhooksPage"),
});

const audit = createRoute({
  getParentRoute: () => account,
  path: "/settings/audit",
  validateSearch: (raw: Raw) => ({
    actor: text(raw, "actor"),
    action: text(raw, "action"),
    target: text(raw, "target"),
    from: day(raw, "from"),
    to: day(raw, "to"),
    open: text(raw, "open"),
  }),
  staticData: { title: frame.audit, permission: "audit.read" },
  component: lazyPage(() => import("./pages/settings/audit/audit-page"), "AuditPage"),
});

const accountPage = createRoute({
  getParentRoute: () => account,
  path: "/settings/account",
  staticData: { title: frame.account },
  component: lazyPage(() => import("./pages/settings/account/account-page"), "AccountPage"),
});

export const routeTree = root.addChildren([
  start,
  signIn,
  accountSignIn,
  reset,
  invitation,
  signedIn.addChildren([profile]),
  account.addChildren([
    accountStart,
    settings,
    users,
    newUser,
    user,
    roles,
    teams,
    clients,
    channels,
    loginMethods,
    apiKeys,
    webhooks,
    audit,
    accountPage,
    project.addChildren([
      projectStart,
      requests.addChildren([request]),
      connectors,
      newConnector,
      newConnectorOf,
      connector,
      people,
      person,
      conversations.addChildren([conversation]),
      figures,
      projectSettings,
      general,
      endUsers,
      newEndUser,
      newImport,
      userImport,
      endUser,
      environments,
      environment,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree,
  basepath: "/console",
  defaultPreload: "intent",
  // The query client decides what is fresh.
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 200,
  defaultPendingComponent: LoadingPage,
  defaultErrorComponent: FailedPage,
  scrollRestoration: true,
});

router.subscribe("onBeforeNavigate", ({ fromLocation, pathChanged }) => {
  noteStart();
  if (fromLocation && pathChanged) noteNavigation();
});
navigateWith((address) => void router.navigate({ href: address }));
