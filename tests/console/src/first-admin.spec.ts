import type { Page } from "@playwright/test";
import { Caller, facts, linkTo, newAddress, PASSWORD } from "./stack.ts";
import { atProvider, expect, settings, settled, signIn, test, toast } from "./test.ts";
import { pathOf } from "./watch.ts";

/** Whether nobody has used this link. Only the first run on a stack finds that of the first admin so. */
async function isFresh(link: string): Promise<boolean> {
  const answer = await Caller.nobody().call("POST", "/v1/auth/invitation/inspect", { token: link.split("#")[1] });
  return answer.status === "pending";
}

test("The first admin comes in by the mailed link, invites one person by e-mail and one by OpenID Connect, and both act within their roles (U702, U105, U112, U502, U503, U504, SPEC D03, D04, D05, D09, D15, D16, E17, E18)", async ({
  browse,
  watch,
}) => {
  const link = await linkTo(facts.admin_email, "invitation");
  expect(link).toBe(facts.first_admin_link);
  const fresh = await isFresh(link);
  if (process.env.VESTIBULE_FRESH) expect(fresh, "the link of the first admin was used already").toBe(true);

  const admin = await browse();
  await test.step("the first admin", async () => {
    if (!fresh) {
      await admin.goto("/console/sign-in");
      await signIn(admin, facts.admin_email, PASSWORD);
      return;
    }
    await admin.goto(link);
    await expect(admin.getByRole("heading", { level: 1 })).toHaveText("Vestibule invites you to Acme as Super Admin");
    expect(pathOf(admin)).toBe("/console/invitation");
    await expect(admin.getByLabel("Email", { exact: true })).toHaveValue(facts.admin_email);
    await expect(admin.getByLabel("Email", { exact: true })).not.toBeEditable();
    await admin.getByLabel("Your name").fill("Admin");
    await admin.getByLabel("Password", { exact: true }).fill("too short");
    await expect(admin.getByText("At least 15 characters (9 so far)")).toBeVisible();
    await admin.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await admin.getByRole("button", { name: "Join Acme" }).click();
    // The password opens later sessions.
    await settled(admin, "Access Requests");
    await admin.getByRole("button", { name: "Admin, your menu" }).click();
    await admin.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(admin.getByRole("heading", { level: 1 })).toHaveText("Sign in");
    await signIn(admin, facts.admin_email, PASSWORD);
  });
  await settled(admin, "Access Requests");
  await admin.getByRole("link", { name: "Settings", exact: true }).click();
  await settled(admin, "User Management");
  expect(pathOf(admin)).toBe(settings(facts.account_id, "users"));

  const second = newAddress("second");
  await test.step("a second person, by e-mail", async () => {
    await admin.getByRole("button", { name: "+ New user" }).click();
    const form = admin.getByRole("dialog", { name: "New user" });
    const methods = form.getByRole("group", { name: "Select the login method" });
    await expect(methods.getByRole("radio", { name: "Email & password" })).toBeChecked();
    await expect(methods.getByRole("radio", { name: "Acme" })).toBeVisible();
    await expect(methods.getByRole("link", { name: "Set up more in Login methods" })).toBeVisible();
    await form.getByLabel("User email address").fill(second);
    await form.getByLabel("Role", { exact: true }).selectOption("Agent");
    await form.getByRole("button", { name: "Invite", exact: true }).click();
    await expect(toast(admin, `Invitation sent to ${second}`)).toBeVisible();
    await admin.getByLabel("Search by name or email").fill(second);
    await expect(admin.getByRole("row", { name: second }).first()).toContainText("Pending");
  });
  const agent = await browse();
  await test.step("the second person accepts, and sees what an agent may", async () => {
    await agent.goto(await linkTo(second, "invitation"));
    await expect(agent.getByRole("heading", { level: 1 })).toHaveText("Admin invites you to Acme as Agent");
    await agent.getByLabel("Your name").fill("Grace Hopper");
    await agent.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await agent.getByRole("button", { name: "Join Acme" }).click();
    await mayDoWhatAnAgentMay(agent);
  });

  const third = newAddress("third");
  await test.step("a third person, by OpenID Connect", async () => {
    await admin.getByRole("button", { name: "+ New user" }).click();
    const form = admin.getByRole("dialog", { name: "New user" });
    await form.getByRole("radio", { name: "Acme" }).check();
    await form.getByLabel("User email address").fill(third);
    await expect(form.getByLabel("User identifier")).toBeVisible();
    await form.getByLabel("First name").fill("Katherine");
    await form.getByLabel("Last name").fill("Johnson");
    await expect(form.getByLabel("Role (optional)")).toContainText("Without a role");
    await form.getByLabel("Role (optional)").selectOption("Agent");
    await form.getByRole("button", { name: "Invite", exact: true }).click();
    await expect(toast(admin, `Invitation sent to ${third}`)).toBeVisible();
  });
  watch.allow(facts.openid_url);
  const colleague = await browse();
  await test.step("the third person accepts at the provider, and sees what an agent may", async () => {
    await colleague.goto(await linkTo(third, "invitation"));
    await expect(colleague.getByRole("heading", { level: 1 })).toHaveText("Admin invites you to Acme as Agent");
    await colleague.getByRole("button", { name: "Continue with Acme" }).click();
    await atProvider(colleague, { name: "Katherine Johnson", email: third });
    await mayDoWhatAnAgentMay(colleague);
  });

  await test.step("both are active in the list", async () => {
    for (const email of [second, third]) {
      await admin.goto(`${settings(facts.account_id, "users")}?q=${email}`);
      await expect(admin.getByRole("row", { name: email })).toContainText("Active");
    }
  });
});

async function mayDoWhatAnAgentMay(page: Page): Promise<void> {
  await settled(page, "Access Requests");
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await settled(page, "Teams");
  const sections = page.getByRole("navigation", { name: "Settings" });
  await expect(sections.getByRole("link")).toHaveText(["Teams", "Clients", "Channels", "Account"]);
  await expect(page.getByRole("button", { name: "New team" })).toHaveCount(0);
  for (const [address, permission] of [
    ["users", "View the team"],
    ["users/new", "Manage the team"],
    ["roles", "View the team"],
    ["login-methods", "Manage login methods"],
    ["api-keys", "Manage own API keys"],
    ["audit", "View the audit log"],
  ]) {
    await page.goto(settings(facts.account_id, address));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("You may not see this page");
    await expect(page.getByText(`“${permission}”`)).toBeVisible();
  }
}
