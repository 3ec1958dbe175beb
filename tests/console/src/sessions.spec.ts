import { join, type Person, signInAgain } from "./people.ts";
import { PASSWORD } from "./stack.ts";
import { expect, settings, settled, signIn, test, toast } from "./test.ts";
import { pathOf } from "./watch.ts";

test("The sessions of a person are listed with device and address, and end one by one or all others at once (U514, U104, SPEC D28)", async ({
  browse,
  team,
}) => {
  const person = await join(team, { name: "Grace Hopper" });
  const second = await signInAgain(person);
  const third = await signInAgain(person);
  const page = await browse(person);
  await page.goto(settings(team.account));
  await page.getByRole("button", { name: "Grace Hopper, your menu" }).click();
  await page.getByRole("menuitem", { name: "Sessions" }).click();
  await settled(page, "Profile");
  expect(pathOf(page)).toBe("/console/profile?tab=sessions");
  const rows = page.getByRole("table", { name: "Sessions" }).getByRole("row");
  // With that of the headings.
  await expect(rows).toHaveCount(4);
  await expect(rows.nth(1)).toContainText("This one");
  await expect(rows.nth(1)).toContainText("127.0.0.1");
  await expect(rows.nth(1).getByRole("button", { name: /^Sign out/ })).toHaveCount(0);

  await rows
    .nth(2)
    .getByRole("button", { name: /^Sign out/ })
    .click();
  await expect(rows).toHaveCount(3);
  await page.getByRole("button", { name: "Sign out all others" }).click();
  const confirm = page.getByRole("alertdialog", { name: "Sign out all others?" });
  await expect(confirm.getByRole("button", { name: "Cancel" })).toBeFocused();
  await confirm.getByRole("button", { name: "Sign out all others" }).click();
  await expect(toast(page, "All other sessions have ended")).toBeVisible();
  await expect(rows).toHaveCount(2);
  for (const { api } of [second, third]) {
    expect((await api.send("GET", "/v1/me")).status).toBe(401);
  }
  await expect(page.getByRole("button", { name: "Sign out all others" })).toHaveCount(0);
});

test("A session that ends while somebody types asks for a new sign-in over the page; then the call is repeated and nothing typed is lost (U135, U152)", async ({
  browse,
  team,
  watch,
}) => {
  const person = await signInAgain(team.deputy);
  const page = await browse(person);
  await page.goto(`${settings(team.account, "roles")}?create=true`);
  const form = page.getByRole("dialog", { name: "New role" });
  const name = `Night shift ${Date.now()}`;
  await form.getByLabel("Name", { exact: true }).fill(name);
  await form.getByLabel("Description").fill("Those who answer at night");
  await form.getByRole("checkbox", { name: "View access requests" }).check();

  await person.api.call("POST", "/v1/auth/sign-out");
  watch.expects("401 POST /v1/roles");
  await form.getByRole("button", { name: "Create role" }).click();
  const ended = page.getByRole("dialog", { name: "Your session ended. Sign in to go on." });
  await expect(ended).toBeVisible();
  await expect(page.locator("[aria-live=assertive]")).toContainText("Your session ended. Sign in to go on.");
  await expect(ended.getByLabel("Email", { exact: true })).toHaveValue(person.email);
  await expect(ended.getByLabel("Password", { exact: true })).toBeFocused();
  await ended.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await ended.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(ended).toBeHidden();
  // The call of before is repeated, with what was typed.
  await expect(page.getByRole("row", { name }).first()).toBeVisible();
  const { items } = await team.inviter.call("GET", "/v1/roles");
  const made = items.find((role: { name: string }) => role.name === name);
  expect(made.description).toBe("Those who answer at night");
});

test("A call that waits for a new sign-in goes on when the same person signs in in another tab, and is never sent for somebody else (U135, U172)", async ({
  browse,
  team,
  watch,
}) => {
  const create = async (name: string, next: Person) => {
    const person = await signInAgain(team.deputy);
    const page = await browse(person);
    await page.goto(`${settings(team.account, "roles")}?create=true`);
    const form = page.getByRole("dialog", { name: "New role" });
    await form.getByLabel("Name", { exact: true }).fill(name);
    await form.getByRole("checkbox", { name: "View access requests" }).check();
    await person.api.call("POST", "/v1/auth/sign-out");
    watch.expects("401 POST /v1/roles");
    await form.getByRole("button", { name: "Create role" }).click();
    await expect(page.getByRole("dialog", { name: "Your session ended. Sign in to go on." })).toBeVisible();
    const other = await page.context().newPage();
    await other.goto("/console/sign-in");
    await signIn(other, next.email, PASSWORD);
    return page;
  };

  const [waited, dropped] = ["Morning shift", "Evening shift"].map((name) => `${name} ${Date.now()}`) as [
    string,
    string,
  ];
  const page = await create(waited, team.deputy);
  await expect(page.getByRole("row", { name: waited }).first()).toBeVisible();
  const other = await create(dropped, team.owner);
  await expect(other.getByRole("button", { name: `${team.owner.name}, your menu` })).toBeVisible();
  const { items } = await team.inviter.call("GET", "/v1/roles");
  const names = items.map((role: { name: string }) => role.name);
  expect(names).toContain(waited);
  expect(names).not.toContain(dropped);
});

test("Every page has the menu that signs out, which leaves nothing of the person in any tab or behind the back button (U172, U104)", async ({
  browse,
  team,
}) => {
  const person = await signInAgain(team.agent);
  const page = await browse(person);
  const menu = { name: "Grace Hopper, your menu" };
  for (const path of [settings(team.account, "users"), settings(team.account, "clients")]) {
    await page.goto(path);
    await settled(page);
    await expect(page.getByRole("button", menu)).toBeVisible();
  }
  await page.goto(settings(team.account, "account"));
  await settled(page, "Account");
  const other = await page.context().newPage();
  await other.goto(settings(team.account, "clients"));
  await settled(other, "Clients");
  await other.goto("/console/profile");
  await settled(other, "Profile");
  await other.getByRole("button", menu).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  for (const tab of [other, page]) {
    await expect(tab.getByRole("heading", { level: 1 })).toHaveText("Sign in");
    await expect(tab.getByText("Grace Hopper")).toHaveCount(0);
    await tab.goBack();
    await expect(tab.getByRole("heading", { level: 1 })).toHaveText("Sign in");
    await expect(tab.getByText("Grace Hopper")).toHaveCount(0);
  }
  expect((await person.api.send("GET", "/v1/me")).status).toBe(401);
});
