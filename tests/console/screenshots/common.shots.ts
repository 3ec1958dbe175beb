import { settled } from "../src/test.ts";
import { picture } from "./album.ts";
import {
  answerReads,
  atDesk,
  expect,
  inAccount,
  inBare,
  inProject,
  problem,
  quiet,
  shot,
  shotOf,
  test,
  waiting,
} from "./stage.ts";
import type { World } from "./world.ts";

/** A page, and the states that any page of its kind has. */
interface Listed {
  name: string;
  address: (world: World) => string;
  /** Address where there is nothing yet. */
  empty?: (world: World) => string;
  /** Whether the guest may not see it. */
  isClosed?: boolean;
  /** Whether it reads nothing but what the frame has. */
  readsNothing?: boolean;
}

const LISTED: Listed[] = [
  { name: "requests", address: inProject("requests"), empty: inBare("p/requests"), isClosed: true },
  { name: "requests-approved", address: inProject("requests?tab=approved"), empty: inBare("p/requests?tab=approved") },
  {
    name: "requests-history",
    address: inProject("requests?tab=history&status=all"),
    empty: inBare("p/requests?tab=history"),
  },
  { name: "connectors", address: inProject("connectors"), empty: inBare("p/connectors") },
  { name: "connector-new", address: inProject("connectors/new"), isClosed: true },
  { name: "connector-new-fields", address: inProject("connectors/new/twilio"), isClosed: true },
  { name: "connector", address: (world) => inProject(`connectors/${world.connector}`)(world) },
  { name: "people", address: inProject("people"), empty: inBare("p/people"), isClosed: true },
  { name: "people-active", address: inProject("people?tab=active"), empty: inBare("p/people?tab=active") },
  { name: "people-blocked", address: inProject("people?tab=blocked"), empty: inBare("p/people?tab=blocked") },
  { name: "person", address: (world) => inProject(`people/${world.waiting.person}`)(world), isClosed: true },
  {
    name: "conversations-queue",
    address: atDesk("conversations?view=queue"),
    empty: inBare("p/conversations?view=queue"),
    isClosed: true,
  },
  { name: "conversations-all", address: atDesk("conversations?view=all"), empty: inBare("p/conversations?view=all") },
  { name: "conversation", address: (world) => atDesk(`conversations/${world.conversation}`)(world), isClosed: true },
  { name: "figures", address: atDesk("figures"), empty: inBare("p/figures"), isClosed: true },
  { name: "project-general", address: inProject("settings/general") },
  { name: "users", address: inProject("settings/users"), empty: inBare("p/settings/users"), isClosed: true },
  { name: "user-new", address: inProject("settings/users/new"), isClosed: true },
  { name: "users-import", address: inProject("settings/users/import"), isClosed: true, readsNothing: true },
  { name: "user", address: (world) => inProject(`settings/users/${world.user}`)(world), isClosed: true },
  { name: "environments", address: inProject("settings/environments") },
  { name: "environment", address: (world) => inProject(`settings/environments/${world.production}`)(world) },
  { name: "members", address: inAccount("users"), isClosed: true },
  { name: "member-new", address: inAccount("users/new"), isClosed: true },
  { name: "member", address: (world) => inAccount(`users/${world.member}`)(world), isClosed: true },
  { name: "roles", address: inAccount("roles"), isClosed: true },
  { name: "clients", address: inAccount("clients"), empty: inBare("settings/clients") },
  { name: "teams", address: inAccount("teams"), empty: inBare("settings/teams"), isClosed: true },
  { name: "channels", address: inAccount("channels") },
  {
    name: "login-methods",
    address: inAccount("login-methods"),
    empty: inBare("settings/login-methods"),
    isClosed: true,
  },
  { name: "api-keys", address: inAccount("api-keys"), empty: inBare("settings/api-keys"), isClosed: true },
  { name: "webhooks", address: inAccount("webhooks"), empty: inBare("settings/webhooks"), isClosed: true },
  { name: "webhook", address: (world) => inAccount(`webhooks?open=${world.webhook}`)(world), isClosed: true },
  {
    name: "audit",
    address: inAccount("audit"),
    empty: inBare("settings/audit?from=2020-01-01&to=2020-01-02"),
    isClosed: true,
  },
  { name: "account", address: inAccount("account") },
  { name: "profile", address: () => "/console/profile", readsNothing: true },
  { name: "profile-security", address: () => "/console/profile?tab=security", readsNothing: true },
  { name: "profile-sessions", address: () => "/console/profile?tab=sessions", readsNothing: true },
  { name: "profile-preferences", address: () => "/console/profile?tab=preferences", readsNothing: true },
];

for (const { name, address, empty, isClosed = false, readsNothing = false } of LISTED) {
  shot(`${name}--filled`, address);
  if (empty) shotOf(`${name}--empty`, ({ bare }) => bare.owner, empty);
  if (isClosed) shotOf(`${name}--no-permission`, ({ guest }) => guest, address);
  if (readsNothing) continue;
  test(`${name}--loading`, async ({ tab, world }) => {
    const page = await tab(world.owner);
    // Nothing is answered, until the browser closes.
    await answerReads(page, () => new Promise(() => {}));
    await page.goto(address(world));
    await picture(page, `${name}--loading`, () => waiting(page));
  });
  test(`${name}--error`, async ({ tab, world }) => {
    const page = await tab(world.owner);
    const failure = problem(503, "unavailable", "Something we need did not answer", "Try again in a moment.");
    await answerReads(page, (route) => route.fulfill(failure));
    await page.goto(address(world));
    await expect(page.getByText("Something we need did not answer").first()).toBeVisible();
    await picture(page, `${name}--error`);
  });
  test(`${name}--offline`, async ({ tab, world }) => {
    const page = await tab(world.owner);
    await page.goto(address(world));
    await settled(page);
    await quiet(page);
    await page.context().setOffline(true);
    await expect(page.getByText(/^You are offline\. This is as of/).first()).toBeVisible();
    await picture(page, `${name}--offline`);
  });
}
