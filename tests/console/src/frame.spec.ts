import { found } from "./people.ts";
import { newAddress } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";
import { pathOf } from "./watch.ts";

test("The settings have their sections, the sidebar folds and stays so, and the theme is kept (U101, U102, U104, U160)", async ({
  browse,
  team,
}) => {
  const person = team.deputy;
  const page = await browse(person, { colorScheme: "light" });
  await page.goto(settings(team.account));
  await settled(page, "User Management");
  await expect(page.getByRole("navigation", { name: "Settings" }).getByRole("link")).toHaveText([
    "Users",
    "Roles",
    "Teams",
    "Clients",
    "Channels",
    "Login methods",
    "API keys",
    "Audit log",
    "Account",
  ]);
  const sidebar = page.getByRole("navigation", { name: "Main" });
  await expect(sidebar).toHaveCSS("width", "240px");
  await page.getByRole("button", { name: "Collapse sidebar" }).click();
  await expect(page.getByRole("button", { name: "Expand sidebar" })).toBeVisible();
  await page.reload();
  await settled(page, "User Management");
  await expect(page.getByRole("button", { name: "Expand sidebar" })).toBeVisible();

  // The availability is no part of the first load: the button names it once it is read.
  await page.getByRole("button", { name: "Bo Diaz, your menu, Available" }).click();
  const menu = page.getByRole("menu");
  await expect(menu.getByRole("menuitem")).toHaveText([
    /Available/,
    /Away/,
    /Offline/,
    /Profile/,
    /Sessions/,
    /Keyboard shortcuts/,
    /System/,
    /Light/,
    /Dark/,
    /Sign out/,
  ]);
  await menu.getByRole("menuitem", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await expect.poll(async () => (await person.api.call("GET", "/v1/me")).preferences.theme).toBe("dark");
  await page.reload();
  await settled(page, "User Management");
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(dark);
  await page.getByRole("button", { name: "Bo Diaz, your menu" }).click();
  // The availability comes into the menu while it is open.
  await expect(menu.getByRole("menuitem", { name: "Available" })).toBeVisible();
  await menu.getByRole("menuitem", { name: "System" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
  await expect.poll(async () => (await person.api.call("GET", "/v1/me")).preferences.theme).toBe("system");
});

test("The start leads to the account that was shown last, and an account of others does not open (U110, U105, U104)", async ({
  browse,
  team,
}) => {
  const other = await found(team.owner, "Globex");
  const page = await browse(team.owner);
  await page.goto(settings(other.account, "roles"));
  await settled(page, "Roles");
  await page.goto("/");
  await settled(page, "User Management");
  expect(pathOf(page)).toBe(settings(other.account, "users"));

  const outside = await browse(team.agent);
  await outside.goto(settings(other.account, "users"));
  await expect(outside.getByRole("heading", { level: 1 })).toHaveText("You are not a member of this account");
  await outside.goto("/console/nowhere");
  await expect(outside.getByRole("heading", { level: 1 })).toHaveText("There is no such page");
});

test("What fails says what it was, with a way to try again and the id of the request (U122)", async ({
  browse,
  team,
  watch,
}) => {
  const page = await browse(team.owner);
  const problem = {
    type: "/problems/unavailable",
    title: "Something we need did not answer",
    status: 503,
    detail: "Try again in a moment.",
    request_id: "5a3f0e0e-0000-4000-8000-000000000000",
  };
  let failing = true;
  await page.route("**/v1/clients?*", (route) =>
    failing
      ? route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) })
      : route.fallback(),
  );
  await page.goto(settings(team.account, "clients"));
  const shown = page.getByRole("alert").filter({ hasText: problem.title });
  await expect(shown).toContainText(problem.detail);
  await expect(shown).toContainText(`Request ID ${problem.request_id}`);
  failing = false;
  await shown.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("table", { name: "Clients of this account" })).toBeVisible();
  watch.expectsSome("503 GET /v1/clients");
});

test("Without a network the page says since when, blocks what would change something, and goes on afterwards (U125)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "clients"));
  await settled(page, "Clients");
  await page.context().setOffline(true);
  await expect(page.getByText(/^You are offline\. This is as of \d\d:\d\d\.$/)).toBeVisible();
  const create = page.getByRole("button", { name: "New client" });
  await expect(create).toHaveAttribute("aria-disabled", "true");
  await expect(create).toHaveAccessibleDescription("You are offline, so nothing can be changed now.");
  await page.context().setOffline(false);
  await expect(page.getByText(/^You are offline/)).toBeHidden();
  await create.click();
  await expect(page.getByRole("dialog", { name: "New client" })).toBeVisible();
});

test("A list that is new says what will stand there, and one that nothing matches offers to clear its filters (U121, U511)", async ({
  browse,
  team,
}) => {
  const fresh = await found(team.owner, "Umbrella");
  const page = await browse(fresh.owner);
  await page.goto(settings(fresh.account, "api-keys"));
  await expect(page.getByRole("heading", { name: "No API keys yet" })).toBeVisible();
  await expect(page.getByRole("button", { name: "New API key" })).toHaveCount(2);
  await page.goto(`${settings(fresh.account, "audit")}?from=2020-01-01&to=2020-01-02`);
  await expect(page.getByRole("heading", { name: "Nothing matches these filters" })).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page.getByRole("table")).toBeVisible();
});

test("Titles name the page, the account and the product, and the person whose page it is (U113)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "roles"));
  await expect(page).toHaveTitle(/^Roles · Initech \d+ · Vestibule$/);
  await page.goto(settings(team.account, "users"));
  await page.getByRole("link", { name: "Ana Lopes", exact: true }).click();
  await expect(page).toHaveTitle(/^Ana Lopes · Initech \d+ · Vestibule$/);
});

test("What takes longer shows a skeleton in its place, and says that it is busy (U120)", async ({ browse, team }) => {
  const page = await browse(team.owner);
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/v1/roles*", async (route) => {
    await held;
    await route.fallback();
  });
  await page.goto(settings(team.account, "roles"));
  await expect(page.locator("main [aria-busy=true]")).toBeVisible();
  await expect(page.getByRole("table")).toHaveCount(0);
  answer();
  await settled(page, "Roles");
  await expect(page.getByRole("table").first()).toBeVisible();
});

test("A list shows fifty rows, and more on demand (U123)", async ({ browse, team }) => {
  const own = await found(team.owner, "Many Inc");
  const names = Array.from({ length: 55 }, (_, index) => `Client ${index + 1}`);
  for (const name of names) await own.inviter.call("POST", "/v1/clients", { name });
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "audit"));
  await settled(page, "Audit log");
  const rows = page.getByRole("table").getByRole("rowheader");
  await expect(rows).toHaveCount(50);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(55);
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
});

test("A toast goes after six seconds, not while somebody reads it (U136)", async ({ browse, team }) => {
  const page = await browse(team.owner);
  await page.clock.install();
  await page.goto(`${settings(team.account, "clients")}?create=true`);
  const form = page.getByRole("dialog", { name: "New client" });
  await form.getByLabel("Name", { exact: true }).fill(`Toasted ${newAddress("t")}`);
  await form.getByRole("button", { name: "Create client" }).click();
  const shown = toast(page, /^Client Toasted .* was created/);
  await expect(shown).toBeVisible();
  await shown.hover();
  await page.clock.runFor(10_000);
  await expect(shown).toBeVisible();
  await page.getByRole("heading", { level: 1 }).hover();
  await page.clock.runFor(5_000);
  await expect(shown).toBeVisible();
  await page.clock.runFor(1_500);
  await expect(shown).toBeHidden();
});
