import type { Locator, Page } from "@playwright/test";
import { acme, invite, join, signInAgain } from "../src/people.ts";
import { facts, linkTo, newAddress, PASSWORD } from "../src/stack.ts";
import { beginSecondFactor, settled, signIn } from "../src/test.ts";
import { codeOf } from "../src/totp.ts";
import { picture } from "./album.ts";
import {
  choose,
  contest,
  dialog,
  expect,
  inAccount,
  pictureOfMenu,
  press,
  problem,
  quiet,
  shot,
  shotOf,
  test,
} from "./stage.ts";
import type { World } from "./world.ts";

const nobody = () => undefined;

/** Opens the page of a link until it shows this: other scenes may have used up what one address may try of links. */
const openLink = (page: Page, link: string, shown: Locator) =>
  expect(async () => {
    // The same address would not be loaded again.
    await page.goto("about:blank");
    await page.goto(link);
    await expect(shown).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 70_000, intervals: [10_000] });

// ---------------------------------------------------------------- Before the sign-in

shotOf("sign-in--filled", nobody, () => "/console/sign-in");
shotOf(
  "sign-in--invalid",
  nobody,
  () => "/console/sign-in",
  (page) => page.getByRole("button", { name: "Sign in", exact: true }).click(),
);
shotOf(
  "sign-in--wrong",
  nobody,
  () => "/console/sign-in",
  async (page) => {
    await signIn(page, newAddress("nobody"), "not the password at all");
    await expect(page.getByText("Email or password is wrong")).toBeVisible();
  },
);
shotOf(
  "sign-in--error",
  nobody,
  () => "/console/sign-in",
  async (page) => {
    const failure = problem(503, "unavailable", "Something we need did not answer", "Try again in a moment.");
    await page.route("**/v1/auth/sign-in", (route) => route.fulfill(failure));
    await signIn(page, newAddress("nobody"), "whatever it may be");
    await expect(page.getByText("Something we need did not answer").first()).toBeVisible();
  },
);
shotOf(
  "sign-in-account--filled",
  nobody,
  () => `/console/sign-in/${facts.account_id}`,
  (page) => expect(page.getByRole("button", { name: "Sign in with Acme" })).toBeVisible(),
);
test("sign-in--second-factor", async ({ open }) => {
  const person = await join(acme, { name: "Grace Hopper" });
  const page = await open(person);
  await page.goto("/console/profile?tab=security");
  await settled(page, "Profile");
  const form = await beginSecondFactor(page, PASSWORD);
  await picture(page, "profile-security--second-factor");
  const secret = await form.locator("code").innerText();
  await form.getByRole("textbox", { name: "Code" }).fill(codeOf(secret, -1));
  await form.getByRole("button", { name: "Turn on" }).click();
  await expect(page.getByRole("dialog", { name: "Recovery codes" }).getByRole("listitem")).toHaveCount(10);
  await picture(page, "profile-security--recovery-codes");
  const other = await open();
  await other.goto("/console/sign-in");
  await signIn(other, person.email, PASSWORD);
  await expect(other.getByRole("heading", { name: "Second factor" })).toBeVisible();
  await picture(other, "sign-in--second-factor");
  await press(other, "Use a recovery code");
  await picture(other, "sign-in--recovery-code");
});
shotOf("reset--filled", nobody, () => "/console/reset");
test("reset--asked", async ({ open }) => {
  const person = await join(acme, { name: "Grace Hopper" });
  const page = await open();
  await page.goto("/console/reset");
  await page.getByLabel("Email").fill(person.email);
  await press(page, "Send link");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check your mail");
  await picture(page, "reset--asked");
  await page.goto("about:blank");
  await page.goto(await linkTo(person.email, "reset"));
  await page.getByLabel("New password").fill("nine grey geese");
  await picture(page, "reset--new-password");
});
shotOf(
  "reset--not-valid",
  nobody,
  () => "/console/reset#aaaa",
  (page) => expect(page.getByRole("heading", { name: "This link is not valid" })).toBeVisible(),
);
shotOf(
  "invitation--new",
  nobody,
  ({ invitation }) => invitation,
  (page) => page.getByLabel("Password", { exact: true }).fill("nine grey"),
);
test("invitation--known", async ({ open, world }) => {
  test.slow();
  // Somebody new, whom no earlier run has invited there.
  const known = await join(acme, { name: "Grace Hopper" });
  const { account, owner } = world.bare;
  const link = await invite({ account, inviter: owner.api }, known.email);
  const page = await open();
  await openLink(page, link, page.getByText(`${known.email} has a login already. Sign in with it, then join.`));
  await settled(page);
  await picture(page, "invitation--known");
});
test("invitation--somebody-else", async ({ tab, world }) => {
  test.slow();
  const page = await tab(world.owner);
  await openLink(page, world.invitation, page.getByRole("heading", { name: /^This invitation is for/ }));
  await settled(page);
  await picture(page, "invitation--somebody-else");
});
shotOf("invitation--not-valid", nobody, () => "/console/invitation");
shotOf("not-found--filled", nobody, () => "/console/nowhere");
shot(
  "not-a-member--filled",
  ({ bare, account }) => `/console/a/${account === bare.account ? "" : "01KB4W7T9V8M4T6K2N7P5R1S0W"}/settings/users`,
);

// ---------------------------------------------------------------- Settings of the account

shot("members--no-match", inAccount("users?q=nobody-of-this-name"));
shot("members--invite-short", inAccount("users?invite=true"), async (page) => {
  await dialog(page);
  await page.getByRole("group").getByText("Extra permissions").click();
});
shot("members--remove", inAccount("users"), async (page) => {
  await press(page, /^Remove Bo Diaz/);
  await dialog(page);
});
shot("member-new--invalid", inAccount("users/new"), async (page) => {
  await page.getByLabel("Role", { exact: true }).selectOption("Choose a role");
  await press(page, "Add User");
  await expect(page.getByText("3 fields need another look")).toBeVisible();
});
shot("member--pending", (world) => inAccount(`users/${world.pending}`)(world));
shot(
  "member--suspend",
  (world) => inAccount(`users/${world.member}`)(world),
  async (page) => {
    await press(page, "Suspend");
    await dialog(page);
  },
);
shot(
  "member--conflict",
  (world) => inAccount(`users/${world.member}`)(world),
  async (page, world) => {
    await page.getByLabel("Full Name").fill("Grace M. Hopper");
    const names = { theirs: { name: "Grace B. Hopper" }, before: { name: "Grace Hopper" } };
    await contest(page, world, { path: `/v1/members/${world.member}`, ...names, save: "Save changes" });
  },
);
shot("roles--new", inAccount("roles?create=true"), dialog);
shot("roles--built-in", inAccount("roles?open=agent"), dialog);
shot("roles--edit", (world) => inAccount(`roles?open=${world.role}`)(world), dialog);
shot("roles--delete-refused", inAccount("roles"), async (page) => {
  await press(page, "Delete Campaign manager");
  await expect(page.getByRole("dialog", { name: "Campaign manager cannot be deleted" })).toBeVisible();
});
shot("clients--new", inAccount("clients?create=true"), dialog);
shot("clients--edit", (world) => inAccount(`clients?open=${world.client}`)(world), dialog);
shot("clients--delete", inAccount("clients"), async (page) => {
  await press(page, "Delete Globex");
  await dialog(page);
});
shot("teams--new", inAccount("teams?create=true"), dialog);
shot("teams--delete", inAccount("teams"), async (page) => {
  await press(page, "Delete Night shift");
  await dialog(page);
});
shot("channels--new", inAccount("channels?create=true"), dialog);
shot("login-methods--new-openid", inAccount("login-methods?create=open_id_connect"));
shot("login-methods--new-oauth2", inAccount("login-methods?create=oauth2"));
shot(
  "login-methods--checked",
  (world) => inAccount(`login-methods?open=${world.method}`)(world),
  async (page) => {
    await press(page, "Check issuer");
    await expect(page.getByRole("main").getByText(/answers as an OpenID Connect provider should/)).toBeVisible();
  },
);
shot("api-keys--new", inAccount("api-keys?create=true"));
shot("api-keys--shown-once", inAccount("api-keys?create=true"), async (page) => {
  await page.getByLabel("Name", { exact: true }).fill("Backup");
  await page.getByRole("checkbox", { name: "View projects" }).or(page.getByRole("checkbox")).first().check();
  await press(page, "Create API key");
  await expect(page.getByRole("dialog", { name: /^The key/ })).toBeVisible();
});
shot("api-keys--details", (world) => inAccount(`api-keys?open=${world.key}`)(world), dialog);
for (const action of ["Renew", "Revoke"]) {
  shot(`api-keys--${action.toLowerCase()}`, inAccount("api-keys"), async (page) => {
    await choose(page, "Actions for Nightly report", `${action}…`);
    await dialog(page);
  });
}
const webhook = (world: World) => inAccount(`webhooks?open=${world.webhook}`)(world);
shot("webhooks--new", inAccount("webhooks?create=true"), async (page) => {
  await page.getByRole("radio", { name: "Chosen events" }).check();
  await expect(page.getByRole("checkbox", { name: "member.joined" })).toBeVisible();
});
shot("webhooks--invalid", inAccount("webhooks?create=true"), async (page) => {
  await page.getByRole("radio", { name: "Chosen events" }).check();
  await press(page, "Create webhook");
  await expect(page.getByText("3 fields need another look")).toBeVisible();
});
shot("webhooks--shown-once", inAccount("webhooks?create=true"), async (page) => {
  await page.getByLabel("Name", { exact: true }).fill("Backup");
  await page.getByLabel("Address", { exact: true }).fill(`${facts.webhook_url}/backup`);
  await press(page, "Create webhook");
  await expect(page.getByRole("dialog", { name: "The signing secret of “Backup”" })).toBeVisible();
});
// Without the many deliveries, which would stand between the answer and the head of the page.
const failedOf = (world: World) => `${webhook(world)}&status=failed`;
shot("webhook--tested", failedOf, async (page) => {
  await press(page, "Send a test event");
  await expect(
    page
      .getByRole("main")
      .getByText(/^The webhook (took|refused|did not)/)
      .first(),
  ).toBeVisible();
});
shot("webhook--conflict", webhook, async (page, world) => {
  await page.getByLabel("Name", { exact: true }).fill("CRM of sales");
  const names = { theirs: { name: "CRM of support" }, before: { name: "CRM" } };
  await contest(page, world, { path: `/v1/webhooks/${world.webhook}`, ...names, save: "Save changes" });
});
for (const action of ["Rotate secret", "Delete webhook"]) {
  shot(`webhook--${action.split(" ")[0]?.toLowerCase()}`, webhook, async (page) => {
    await press(page, action);
    await dialog(page);
  });
}
shot("audit--entry", inAccount("audit"), async (page) => {
  await page.getByRole("rowheader").getByRole("link").first().click();
  await dialog(page);
});
shot("account--confirm", inAccount("account"), async (page) => {
  await page.getByRole("switch", { name: "Require a second factor" }).check();
  await press(page, "Save changes");
  await dialog(page);
});
shot("account--conflict", inAccount("account"), async (page, world) => {
  // Not the name, which every other picture of the account shows.
  await page.getByLabel("Requeue conversations after").fill("30");
  const theirs = { rules: { requeue_after_minutes: 60 } };
  const before = { rules: { requeue_after_minutes: null } };
  await contest(page, world, { path: "/v1/account", theirs, before, save: "Save changes" });
});
shotOf("account--read-only", ({ grace }) => grace, inAccount("account"));
shot("account--delete", inAccount("account"), async (page) => {
  await press(page, /^Delete account/);
  await dialog(page);
});
test("account--session-ended", async ({ open, world }) => {
  const person = await signInAgain(world.grace);
  const page = await open(person);
  await page.goto(inAccount("account")(world));
  await settled(page, "Account");
  await person.api.call("POST", "/v1/auth/sign-out");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Clients" }).click();
  await expect(page.getByRole("dialog", { name: /^Your session ended/ })).toBeVisible();
  await picture(page, "account--session-ended");
});

// ---------------------------------------------------------------- A person's own

shotOf(
  "profile-security--invalid",
  ({ grace }) => grace,
  () => "/console/profile?tab=security",
  async (page) => {
    await press(page, "Change password");
    await expect(page.getByText("Enter the password that you have now").first()).toBeVisible();
  },
);
test("profile--menu", async ({ tab, world }) => {
  const page = await tab(world.owner);
  await page.goto(inAccount("account")(world));
  await settled(page, "Account");
  await quiet(page);
  await pictureOfMenu(page, "profile--menu", async () => {
    // The person's availability is read once the page has nothing else to do.
    await press(page, /, your menu, /);
    await expect(page.getByRole("menu").getByText("Available", { exact: true }).first()).toBeVisible();
  });
});
shot("profile--shortcuts", inAccount("account"), async (page) => {
  await page.keyboard.press("?");
  await dialog(page);
});
shot(
  "profile--delete-login",
  () => "/console/profile",
  async (page) => {
    await press(page, /^Delete login/);
    await dialog(page);
  },
);
test("account--sidebar-folded", async ({ open, world }) => {
  const page = await open(world.owner);
  await page.goto(inAccount("account")(world));
  await settled(page, "Account");
  await press(page, "Collapse sidebar");
  await quiet(page);
  await picture(page, "account--sidebar-folded");
});
