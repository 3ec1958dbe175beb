import type { Page } from "@playwright/test";
import { equip, judge } from "./looks.ts";
import { acme, found, invite, join, signInAgain, type Team } from "./people.ts";
import { Caller, eventually, facts, linkTo, newAddress, PASSWORD } from "./stack.ts";
import { beginSecondFactor, expect, settings, settled, signIn, test } from "./test.ts";

/** Opens pages one after the other and judges each. */
class Tour {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  static async begin(page: Page): Promise<Tour> {
    await equip(page);
    return new Tour(page);
  }

  /** Goes to an address, does what leads to the state, and judges it. */
  async at(name: string, address: string, reach: () => Promise<unknown> = async () => {}): Promise<void> {
    await test.step(name, async () => {
      // A new document even where only the fragment differs.
      await this.page.goto("about:blank");
      await this.page.goto(address);
      await expect(this.page.getByRole("heading", { level: 1 })).toBeVisible();
      await settled(this.page);
      await reach();
      await judge(this.page, name);
    });
  }
}

test("Pages before the sign-in: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U701, U702, U703)", async ({
  browse,
  team,
  watch,
}) => {
  test.slow();
  const tour = await Tour.begin(await browse());
  const { page } = tour;
  await tour.at("sign-in", "/console/sign-in");
  // Before the tab has kept the link of another one.
  await tour.at("invitation-not-valid", "/console/invitation");
  await tour.at("sign-in-missing", "/console/sign-in", async () => {
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByText("Enter your password")).toBeVisible();
  });
  watch.expects("401 POST /v1/auth/sign-in");
  await tour.at("sign-in-wrong", "/console/sign-in", async () => {
    await signIn(page, newAddress("nobody"), "not the password at all");
    await expect(page.getByText("Email or password is wrong")).toBeVisible();
  });
  await tour.at("sign-in-account", `/console/sign-in/${facts.account_id}`, () =>
    expect(page.getByRole("button", { name: "Sign in with Acme" })).toBeVisible(),
  );
  await tour.at("reset", "/console/reset");
  const person = team.agent;
  await tour.at("reset-asked", "/console/reset", async () => {
    await page.getByLabel("Email").fill(person.email);
    await page.getByRole("button", { name: "Send link" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check your mail");
  });
  await tour.at("reset-new-password", await linkTo(person.email, "reset"), () =>
    expect(page.getByLabel("New password")).toBeVisible(),
  );
  const link = await invite(team, newAddress("new"), { role: "agent", name: "Ana Silva" });
  await tour.at("invitation-new", link, () => page.getByLabel("Password", { exact: true }).fill("nine grey"));
  await tour.at("invitation-known", await invite(acme, person.email));
  const { items } = await Caller.key().call("GET", "/v1/login-methods");
  const email = newAddress("provider");
  await tour.at("invitation-provider", await invite(acme, email, { method: items[0].id }));
  await tour.at("not-found", "/console/nowhere");
});

test("Pages of people and roles: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U501, U502, U503, U504, U508, U510)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Initech Limited");
  const { pending, agent } = await inhabit(own);
  const tour = await Tour.begin(await browse(own.owner));
  const { page } = tour;
  const base = settings(own.account);
  await tour.at("users", `${base}/users`, () => expect(page.getByText("550 5.1.1 user unknown")).toBeVisible());
  await tour.at("users-invite", `${base}/users?invite=true`, async () => {
    await expect(page.getByRole("dialog", { name: "New user" })).toBeVisible();
    await page.getByRole("group").getByText("Extra permissions").click();
  });
  await tour.at("users-no-match", `${base}/users?q=nobody-of-this-name`);
  await tour.at("users-new", `${base}/users/new`);
  await tour.at("users-new-missing", `${base}/users/new`, async () => {
    await page.getByLabel("Role", { exact: true }).selectOption("Choose a role");
    await page.getByRole("button", { name: "Add User" }).click();
    await expect(page.getByText("3 fields need another look")).toBeVisible();
  });
  await tour.at("user-pending", `${base}/users/${pending}`, () =>
    expect(page.getByText("Mail delivered")).toBeVisible(),
  );
  await tour.at("user-active", `${base}/users/${agent}`);
  await tour.at("user-remove", `${base}/users/${agent}`, async () => {
    await page.getByRole("button", { name: "Suspend" }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
  });
  await tour.at("roles", `${base}/roles`);
  await tour.at("roles-new", `${base}/roles?create=true`, () =>
    expect(page.getByRole("dialog", { name: "New role" })).toBeVisible(),
  );
  await tour.at("roles-built-in", `${base}/roles?open=agent`, () => expect(page.getByRole("dialog")).toBeVisible());
});

test("Other pages of an account: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U510, U511, U512, U513, U515)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Umbrella Group");
  await invite(own, newAddress("ana"), { name: "Ana Silva" });
  await own.inviter.call("POST", "/v1/clients", { name: "Globex", channels: ["sms", "whatsapp"] });
  const every = (await own.inviter.call("GET", "/v1/permissions")).items.map(({ key }: { key: string }) => key);
  const { id } = await own.inviter.call("POST", "/v1/api-keys", { name: "Nightly report", permissions: every });
  const address = { url: `${facts.webhook_url}/umbrella`, events: ["member.left"] };
  const webhook = await own.inviter.call("POST", "/v1/webhooks", { name: "CRM", ...address });
  const method = await own.inviter.call("POST", "/v1/login-methods", {
    name: "Umbrella ID",
    provider: { kind: "open_id_connect", issuer: facts.openid_url },
    client_id: facts.openid_client_id,
    client_secret: facts.openid_client_secret,
  });
  const tour = await Tour.begin(await browse(own.owner));
  const { page } = tour;
  const base = settings(own.account);
  await tour.at("clients", `${base}/clients`);
  await tour.at("clients-new", `${base}/clients?create=true`, () => expect(page.getByRole("dialog")).toBeVisible());
  await tour.at("login-methods", `${base}/login-methods`);
  await tour.at("login-methods-new", `${base}/login-methods?create=open_id_connect`);
  await tour.at("login-methods-new-oauth2", `${base}/login-methods?create=oauth2`);
  await tour.at("login-method", `${base}/login-methods?open=${method.id}`, async () => {
    await page.getByRole("button", { name: "Check issuer" }).click();
    await expect(page.getByRole("main").getByText(/answers as an OpenID Connect provider should/)).toBeVisible();
  });
  await tour.at("api-keys", `${base}/api-keys`, async () => {
    await page.getByRole("button", { name: "Actions for Nightly report" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
  });
  await tour.at("api-keys-new", `${base}/api-keys?create=true`);
  await tour.at("api-key", `${base}/api-keys?open=${id}`, () => expect(page.getByRole("dialog")).toBeVisible());
  await tour.at("webhooks", `${base}/webhooks`);
  await tour.at("webhooks-new", `${base}/webhooks?create=true`, async () => {
    await page.getByRole("radio", { name: "Chosen events" }).check();
    await expect(page.getByRole("checkbox", { name: "member.joined" })).toBeVisible();
  });
  await tour.at("webhook", `${base}/webhooks?open=${webhook.id}`, () =>
    expect(page.getByText("Nothing was sent in the last 7 days.")).toBeVisible(),
  );
  await tour.at("audit", `${base}/audit`);
  await tour.at("audit-entry", `${base}/audit`, async () => {
    await page.getByRole("link", { name: "Login method added" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
  });
  await tour.at("account", `${base}/account`);
});

test("A person's own pages: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U104, U105, U514)", async ({
  browse,
  team,
  watch,
}) => {
  test.slow();
  const person = await signInAgain(team.agent);
  const tour = await Tour.begin(await browse(person));
  const { page } = tour;
  await tour.at("profile", "/console/profile");
  await tour.at("profile-security", "/console/profile?tab=security");
  await tour.at("profile-second-factor", "/console/profile?tab=security", async () => {
    await beginSecondFactor(page, PASSWORD);
  });
  await tour.at("profile-sessions", "/console/profile?tab=sessions");
  await tour.at("profile-preferences", "/console/profile?tab=preferences");
  await tour.at("person-menu", settings(team.account, "account"), async () => {
    await page.getByRole("button", { name: "Grace Hopper, your menu" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
  });
  await tour.at("not-allowed", settings(team.account, "users"));
  await tour.at("shortcuts", settings(team.account, "account"), async () => {
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });
  await tour.at("session-ended", settings(team.account, "account"), async () => {
    await person.api.call("POST", "/v1/auth/sign-out");
    watch.expectsSome("401 GET /v1/clients");
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Clients" }).click();
    await expect(page.getByRole("dialog", { name: "Your session ended. Sign in to go on." })).toBeVisible();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  });
});

/** Gives an account people in every state. */
async function inhabit(team: Team): Promise<{ pending: string; agent: string }> {
  const { key } = await team.inviter.call("POST", "/v1/roles", {
    name: "Campaign manager",
    description: "Lets people in while a campaign runs",
    permissions: ["access_requests.read", "access_requests.decide", "chat_users.read"],
  });
  await join(team, { name: "Grace Hopper", role: key, extra_permissions: ["audit.read"] });
  await join(team, { name: "Ida Rhodes" });
  await invite(team, newAddress("ana"), { name: "Ana Silva" });
  const bounced = `bounce+${newAddress("b").split("@")[0]}@simulator.amazonses.com`;
  await team.inviter.call("POST", "/v1/invitations", { email: bounced, role: "agent", name: "Alan Mathison" });
  await eventually("the bounce", async () => {
    const { items } = await team.inviter.call("GET", "/v1/invitations");
    const states = items.map(({ mail_status }: { mail_status: string }) => mail_status);
    return states.includes("bounced") && states.includes("delivered") ? true : undefined;
  });
  const { items } = await team.inviter.call("GET", "/v1/members");
  const idOf = (name: string) => items.find((member: { name: string }) => member.name === name).id;
  return { pending: idOf("Ana Silva"), agent: idOf("Ida Rhodes") };
}
