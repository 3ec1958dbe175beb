import { readFileSync } from "node:fs";
import { colourOf } from "./colours.ts";
import { acme, found, join } from "./people.ts";
import { Caller, facts, newAddress } from "./stack.ts";
import { atProvider, expect, settings, settled, test, toast } from "./test.ts";

test("Roles are listed with their members and a matrix of permissions; built-in ones stay, one in use names its members (U510, U137)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Roles Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "roles"));
  await settled(page, "Roles");
  await expect(page.getByText(/such as a campaign manager/)).toBeVisible();
  const roles = page.getByRole("table", { name: "Roles of this account" });
  await expect(roles.getByRole("row", { name: /^Super Admin/ })).toContainText("Built in");
  await expect(roles.getByRole("row", { name: /^Agent/ })).toContainText("Built in");
  await expect(roles.getByRole("button", { name: "Delete Agent" })).toHaveCount(0);
  await expect(page.getByRole("table", { name: "Permissions by area, and the roles that hold them" })).toBeVisible();

  await page.getByRole("button", { name: "New role" }).click();
  const form = page.getByRole("dialog", { name: "New role" });
  await form.getByLabel("Name", { exact: true }).fill("Campaign manager");
  await form.getByRole("button", { name: "Create role" }).click();
  await expect(form.getByText("Choose at least one permission")).toBeVisible();
  await form.getByRole("checkbox", { name: "View access requests" }).check();
  await form.getByRole("button", { name: "Create role" }).click();
  await expect(toast(page, "Role Campaign manager was created")).toBeVisible();
  const { items } = await own.inviter.call("GET", "/v1/roles");
  const { key } = items.find(({ name }: { name: string }) => name === "Campaign manager");
  await own.inviter.call("POST", "/v1/invitations", { email: newAddress("ida"), name: "Ida Rhodes", role: key });
  await page.reload();
  await page.getByRole("button", { name: "Delete Campaign manager" }).click();
  const refused = page.getByRole("dialog", { name: "Campaign manager cannot be deleted" });
  await expect(refused).toContainText("Ida Rhodes");
});

test("Clients have a name and channels, and the default one cannot be deleted (U510)", async ({ browse, team }) => {
  const own = await found(team.owner, "Clients Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "clients"));
  await settled(page, "Clients");
  const clients = page.getByRole("table", { name: "Clients of this account" });
  const standard = clients.getByRole("row").nth(1);
  await expect(standard).toContainText("Default");
  await expect(standard.getByRole("button", { name: /^Delete/ })).toHaveAccessibleDescription(
    "The default client cannot be deleted. It can be renamed.",
  );
  await page.getByRole("button", { name: "New client" }).click();
  const form = page.getByRole("dialog", { name: "New client" });
  await form.getByLabel("Name", { exact: true }).fill("Globex");
  await form.getByRole("checkbox", { name: "SMS" }).check();
  await form.getByRole("button", { name: "Create client" }).click();
  await expect(toast(page, "Client Globex was created")).toBeVisible();
  await expect(clients.getByRole("row", { name: "Globex" })).toContainText("SMS");
  await page.getByRole("button", { name: "Delete Globex" }).click();
  const confirm = page.getByRole("alertdialog", { name: "Delete Globex?" });
  await expect(confirm.getByRole("button", { name: "Cancel" })).toBeFocused();
  await confirm.getByRole("button", { name: "Delete client" }).click();
  await expect(clients.getByRole("row", { name: "Globex" })).toHaveCount(0);
});

test("A login method is set up from the form to the trial sign-in, and is offered from then on (U510, U503, SPEC D10, D11)", async ({
  browse,
  team,
  watch,
}) => {
  watch.allow(facts.openid_url);
  const own = await found(team.owner, "Methods Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "login-methods"));
  await settled(page, "Login methods");
  const rows = page.getByRole("table", { name: "Login methods" }).getByRole("row");
  await expect(rows).toHaveText([
    /^Login method/,
    /Email & password.*Set up/,
    /OpenID Connect.*Not set up/,
    /OAuth 2\.0.*Not set up/,
  ]);
  await page.getByRole("button", { name: "Add login method" }).click();
  await settled(page, "Add login method");
  await page.getByRole("radio", { name: "OAuth 2.0 without OpenID Connect" }).check();
  for (const label of ["Authorization address", "Token address", "User-info address", "Identifier field"]) {
    await expect(page.getByLabel(label)).toBeVisible();
  }
  await page.getByRole("radio", { name: "OpenID Connect", exact: true }).check();
  await expect(page.getByLabel("Identifier claim")).toHaveAccessibleDescription(/^The claim that is compared/);
  await page.getByLabel("Name", { exact: true }).fill("Methods ID");
  await page.getByLabel("Issuer").fill(facts.openid_url);
  await page.getByLabel("Client ID").fill(facts.openid_client_id);
  await page.getByLabel("Client secret").fill(facts.openid_client_secret);
  await page.getByRole("button", { name: "Add login method" }).click();
  await settled(page, "Methods ID");
  await expect(page.locator("code").filter({ hasText: "/v1/auth/callback/" })).toBeVisible();
  await page.getByRole("button", { name: "Check issuer" }).click();
  await expect(
    page.getByRole("main").getByText(`${facts.openid_url} answers as an OpenID Connect provider should.`),
  ).toBeVisible();
  await page.getByRole("button", { name: "Try sign-in" }).click();
  await atProvider(page, { name: "Ana Lopes", email: own.owner.email });
  await expect(page.getByRole("main").getByText("The sign-in with Methods ID works.")).toBeVisible();

  await page.goto(`${settings(own.account, "users")}?invite=true`);
  const form = page.getByRole("dialog", { name: "New user" });
  await form.getByRole("radio", { name: "Methods ID" }).check();
  await expect(form.getByLabel("User identifier (optional)")).toHaveAccessibleDescription(/identifier claim/);
  await expect(form.getByLabel("First name (optional)")).toBeVisible();
  await expect(form.getByLabel("Last name (optional)")).toBeVisible();
  const role = form.getByLabel("Role (optional)");
  await expect(role.getByRole("option").first()).toHaveText("Without a role: only what extra permissions allow");
});

test("An API key is shown once, renewed, and revoked with what it made (U511, U138, SPEC D29)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Keys Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "api-keys"));
  await settled(page, "API keys");
  await page.getByRole("button", { name: "New API key" }).first().click();
  await settled(page, "New API key");
  for (const days of ["30 days", "90 days", "365 days"]) {
    await expect(page.getByRole("group", { name: "Expires after" }).getByRole("radio", { name: days })).toBeVisible();
  }
  await page.getByRole("button", { name: "Create API key" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
  await page.getByLabel("Name", { exact: true }).fill("Nightly report");
  await page.getByRole("button", { name: "Select all that you hold" }).click();
  await page.getByRole("button", { name: "Create API key" }).click();
  const secret = page.getByRole("dialog", { name: "The key “Nightly report”" });
  const key = await secret.locator("code").innerText();
  expect(key).toMatch(/^vst_/);
  await secret.getByRole("button", { name: "Close" }).click();
  const leave = page.getByRole("alertdialog", { name: "Close without copying?" });
  await leave.getByRole("button", { name: "Go back" }).click();
  await secret.getByRole("button", { name: "Copy", exact: true }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await secret.getByRole("button", { name: "I have stored it" }).click();
  await expect(secret).toBeHidden();
  await expect(page.getByText(key)).toHaveCount(0);
  await settled(page, "API keys");

  // The end of a key is marked when it is near.
  const soon = { name: "Soon over", permissions: ["projects.read"], expires_in_days: 6 };
  await own.inviter.call("POST", "/v1/api-keys", soon);

  // A key that this one makes is listed when it is revoked.
  const made = await fetch(`${facts.api_url}/v1/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "Made by it", permissions: ["projects.read"] }),
  });
  expect(made.status).toBe(201);
  await page.reload();
  const keys = page.getByRole("table", { name: "API keys" });
  await expect(keys.getByRole("columnheader")).toHaveText(["Name", "Owner", "Last used", "Expires", "Actions"]);
  const ending = keys.getByRole("row", { name: "Soon over" });
  await expect(ending).toHaveText(/Soon over.*Never.*Expires in 6 days/);
  const [red = 0, amber = 0, blue = 0] = await colourOf(ending.getByText("Expires in 6 days"));
  expect([red > amber, amber > blue]).toEqual([true, true]);
  await page.getByRole("button", { name: "Actions for Nightly report" }).click();
  await page.getByRole("menuitem", { name: "Renew…" }).click();
  await page.getByRole("dialog", { name: "Renew “Nightly report”" }).getByRole("button", { name: "Renew" }).click();
  await expect(toast(page, /^“Nightly report” works until/)).toBeVisible();
  await page.getByRole("button", { name: "Actions for Nightly report" }).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  const revoke = page.getByRole("alertdialog", { name: "Revoke “Nightly report”?" });
  await expect(revoke.getByText("Made by it")).toBeVisible();
  await revoke.getByRole("checkbox", { name: "Also revoke what it made" }).check();
  await revoke.getByRole("button", { name: "Revoke" }).click();
  await expect(toast(page, "“Nightly report” and one key that it made were revoked")).toBeVisible();
});

test("The audit log shows who did what, values before and after, refused attempts, filters, and exports (U513, U111, SPEC G02)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Audit Inc");
  const { key } = await own.inviter.call("POST", "/v1/api-keys", { name: "Nightly", permissions: ["projects.read"] });
  const refused = await new Caller({ authorization: `Bearer ${key}` }).send("GET", "/v1/members");
  expect(refused.status).toBe(403);
  const role = { name: "Night shift of the Lisbon help desk for Globex", permissions: ["access_requests.read"] };
  await own.inviter.call("POST", "/v1/roles", role);
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "audit"));
  await settled(page, "Audit log");
  const rows = page.getByRole("table", { name: "Entries of the audit log, latest first" }).getByRole("row");
  await expect(rows.first()).toHaveText(/What.*Who.*On what.*When.*Request ID/);
  await expect(rows.nth(1)).toContainText("Role created");
  await expect(rows.nth(1)).toContainText("Ana Lopes");
  await expect(rows.filter({ hasText: "Call refused" }).first()).toContainText("Refused");
  // Names take a line, and a long one two, beside the ids.
  const names = rows.locator("bdi");
  const lines = await names.evaluateAll((all) => all.map((name) => name.getClientRects().length));
  expect(lines.length).toBeGreaterThan(0);
  expect(Math.max(...lines)).toBeLessThanOrEqual(2);

  for (const filter of ["Person", "Action", "Record", "From", "To"]) {
    await expect(page.getByLabel(filter, { exact: true })).toBeVisible();
  }
  await rows.nth(1).getByRole("link", { name: "Role created" }).click();
  const entry = page.getByRole("dialog", { name: "Role created" });
  await expect(entry.getByRole("columnheader")).toHaveText(["Field", "Before", "After"]);
  await expect(entry).toContainText("Night shift");
  await expect(page).toHaveURL(/open=/);
  await entry.getByRole("button", { name: "Show all on this record" }).click();
  await expect(page).toHaveURL(/target=role/);
  await expect(rows).toHaveCount(2);

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await expect(page.getByRole("menuitem", { name: /^JSON lines/ })).toBeVisible();
  await page.getByRole("menuitem", { name: /^CSV/ }).click();
  const file = await (await download).path();
  expect(readFileSync(file, "utf8").split("\n").filter(Boolean)).toHaveLength(2);
});

test("The account's page changes its name and rules, an agent may only look, and the account is deleted with its name typed (U515, U137, SPEC D34, E34)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Before Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "account"));
  await settled(page, "Account");
  await page.getByLabel("Account name").fill("After Inc");
  const requeue = page.getByLabel("Requeue conversations after (optional)");
  await expect(requeue).toHaveValue("");
  await expect(requeue).toHaveAccessibleDescription(/^Minutes for which a member is away or offline\./);
  await requeue.fill("10081");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Enter whole minutes from 1 to 10,080, which is a week")).toBeVisible();
  await expect(requeue).toBeFocused();
  await requeue.fill("30");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(toast(page, "The account was saved")).toBeVisible();
  const { rules } = await own.inviter.call("GET", "/v1/account");
  expect(rules).toMatchObject({ requeue_after_minutes: 30, factor_required: false });
  await expect(page.getByRole("navigation", { name: "Main" })).toContainText("After Inc");
  await expect(page.getByRole("switch", { name: "Require a second factor" })).not.toBeChecked();
  await expect(page.getByRole("switch", { name: "Allow single sign-on only" })).not.toBeChecked();

  const agent = await browse(team.agent);
  await agent.goto(settings(team.account, "account"));
  await settled(agent, "Account");
  await expect(agent.getByText(/You may look at these settings\./)).toBeVisible();
  await expect(agent.getByText("Requeue conversations after")).toBeVisible();
  await expect(agent.getByText("Never", { exact: true })).toBeVisible();
  await expect(agent.getByRole("button", { name: "Save changes" })).toHaveCount(0);
  await expect(agent.getByRole("button", { name: "Delete account…" })).toHaveCount(0);

  await page.getByRole("button", { name: "Delete account…" }).click();
  const remove = page.getByRole("alertdialog", { name: "Delete After Inc?" });
  await expect(remove).toContainText("All its members lose access at once");
  await expect(remove.getByRole("button", { name: "Cancel" })).toBeFocused();
  await remove.getByLabel("Type the account's name").fill("Before Inc");
  await remove.getByRole("button", { name: "Delete account" }).click();
  await expect(remove.getByText("Type After Inc exactly as it is spelled here")).toBeVisible();
  await remove.getByLabel("Type the account's name").fill("After Inc");
  await remove.getByRole("button", { name: "Delete account" }).click();
  await expect(toast(page, "After Inc was deleted")).toBeVisible();
  await settled(page, "Profile");
  expect((await own.inviter.send("GET", "/v1/account")).status).toBe(403);
});

test("A profile holds name, password and preferences; a new password ends the other sessions (U514, U140)", async ({
  browse,
}) => {
  const person = await join(acme, { name: "Grace Hopper" });
  const page = await browse(person);
  await page.goto("/console/profile");
  await settled(page, "Profile");
  await page.getByLabel("Name", { exact: true }).fill("Grace M. Hopper");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(toast(page, "Your name is saved")).toBeVisible();
  await expect(page.getByRole("button", { name: "Grace M. Hopper, your menu" })).toBeVisible();

  await page.getByRole("link", { name: "Preferences" }).click();
  await expect(page.getByLabel("Time zone")).toBeVisible();
  await page.getByRole("switch", { name: "Shortcuts with single keys" }).uncheck();
  await expect.poll(async () => (await person.api.call("GET", "/v1/me")).preferences.shortcuts).toBe(false);
  await page.goto(settings(facts.account_id, "clients"));
  await settled(page, "Clients");
  await page.keyboard.press("?");
  await page.getByRole("button", { name: "Grace M. Hopper, your menu" }).click();
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toHaveCount(0);
});
