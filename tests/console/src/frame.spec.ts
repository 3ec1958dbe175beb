import type { Locator } from "@playwright/test";
import { found, signInAgain } from "./people.ts";
import { BUSY, PROBLEM, REFUSED } from "./refusals.ts";
import { newAddress } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";
import { projectSettings } from "./users.ts";
import { pathOf } from "./watch.ts";

/** The words beside an entry of the folded sidebar. */
function tipOf(entry: Locator): Promise<string> {
  return entry.evaluate((element) => {
    const { content, position } = getComputedStyle(element, "::after");
    return position === "absolute" ? content : "";
  });
}

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
    "Webhooks",
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
  await expect(sidebar).not.toHaveCSS("width", "240px");
  const entry = sidebar.getByRole("link", { name: "Settings", exact: true });
  await expect(entry).toHaveAttribute("data-tip", "Settings");
  expect(await tipOf(entry)).toBe("");
  await entry.hover();
  expect(await tipOf(entry)).not.toBe("");

  // The availability is no part of the first load: the button names it once it is read.
  await page.getByRole("button", { name: "Bo Diaz, your menu, Available" }).click();
  const menu = page.getByRole("menu");
  await expect(menu.getByRole("menuitem")).toHaveText([
    /Available/,
    /Away/,
    /Offline/,
    /Profile/,
    /Sessions/,
    /System/,
    /Light/,
    /Dark/,
    /Keyboard shortcuts/,
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
  const page = await browse(other.owner);
  await page.goto(settings(other.account, "roles"));
  await settled(page, "Roles");
  await page.goto("/");
  await settled(page, "User Management");
  expect(pathOf(page)).toBe(settings(other.account, "users"));

  // A session of its own: this one is signed out.
  const outside = await browse(await signInAgain(team.agent));
  await outside.goto(settings(other.account, "users"));
  await expect(outside.getByRole("heading", { level: 1 })).toHaveText("You are not a member of this account");
  await expect(outside.getByText(`You are signed in as ${team.agent.email}.`)).toBeVisible();
  await expect(outside.getByRole("main").getByRole("button", { name: "Sign out" })).toBeVisible();
  await expect(outside.getByRole("heading", { name: "Your accounts" })).toBeVisible();
  await outside.getByRole("main").locator(`a[href$="/a/${team.account}"]`).click();
  await expect(outside).toHaveURL(new RegExp(`/console/a/${team.account}`));
  await expect(outside.getByRole("heading", { level: 1 })).not.toHaveText("You are not a member of this account");
  await outside.goto("/console/nowhere");
  await expect(outside.getByRole("heading", { level: 1 })).toHaveText("There is no such page");
  // Whoever signs in instead comes back to the page that was asked for.
  await outside.goto(settings(other.account, "users"));
  await outside.getByRole("button", { name: "Sign in as somebody else" }).click();
  await settled(outside, "Sign in");
  expect(new URL(outside.url()).searchParams.get("return_to")).toBe(settings(other.account, "users"));
});

test("What fails says what it was, with a way to try again and the id of the request (U122)", async ({
  browse,
  team,
  watch,
}) => {
  const page = await browse(team.owner);
  let failing = true;
  await page.route("**/v1/clients?*", (route) => (failing ? route.fulfill(REFUSED) : route.fallback()));
  await page.goto(settings(team.account, "clients"));
  const shown = page.getByRole("alert").filter({ hasText: PROBLEM.title });
  await expect(shown).toContainText(PROBLEM.detail);
  await expect(shown).toContainText(`Request ID ${PROBLEM.request_id}`);
  await shown.getByRole("button", { name: "Copy" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(PROBLEM.request_id);
  failing = false;
  await shown.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("table", { name: "Clients of this account" })).toBeVisible();
  watch.expectsSome("503 GET /v1/clients");

  // A part of a page fails alone.
  failing = true;
  await page.route("**/v1/permissions*", (route) => (failing ? route.fulfill(REFUSED) : route.fallback()));
  await page.goto(`${settings(team.account, "api-keys")}?create=true`);
  await settled(page, "New API key");
  await expect(shown).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("Nightly report");
  failing = false;
  await shown.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("checkbox", { name: "View access requests" })).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Nightly report");
  watch.expectsSome("503 GET /v1/permissions");
});

test("A busy service is tried again by itself, each time after twice as long; a limit of calls is waited out once (U122)", async ({
  browse,
  team,
  watch,
}) => {
  const page = await browse(team.owner);
  await page.clock.install();
  let busy = 2;
  await page.route("**/v1/clients?*", (route) => {
    busy -= 1;
    return busy >= 0 ? route.fulfill(BUSY) : route.fallback();
  });
  watch.expectsSome("503 GET /v1/clients");
  // The words change with each second, so the waiting begins first.
  const first = page.getByText("The service is busy. Trying again in 5 s.").waitFor();
  await page.goto(settings(team.account, "clients"));
  await first;
  const second = page.getByText("The service is busy. Trying again in 10 s.").waitFor();
  await page.clock.runFor(5_000);
  await second;
  await page.clock.runFor(10_000);
  await expect(page.getByRole("table", { name: "Clients of this account" })).toBeVisible();

  let limit = 1;
  await page.route("**/v1/roles*", (route) => {
    limit -= 1;
    return limit >= 0 ? route.fulfill({ ...BUSY, status: 429, headers: { "retry-after": "1" } }) : route.fallback();
  });
  watch.expects("429 GET /v1/roles");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Roles" }).click();
  await expect(page.getByRole("table", { name: "Roles of this account" })).toBeVisible();
  expect(limit).toBeLessThan(0);
});

test("What is polled is read every 15 s, every 60 s while nobody touches the page, never while it is hidden, and at once on return (U124)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Pace Inc");
  const { id } = await own.inviter.call("POST", "/v1/projects", { name: "Help desk" });
  const page = await browse(own.owner);
  await page.clock.install();
  let reads = 0;
  const isRead = (call: { url(): string }) => call.url().endsWith("/access-requests/counts");
  page.on("request", (request) => {
    if (isRead(request)) reads += 1;
  });
  // An answer that comes after everything that was asked before.
  const fence = () => page.evaluate(() => fetch("/console/sign-in").then(({ status }) => status));
  const reading = async (act: () => Promise<unknown>) => {
    const answer = page.waitForResponse(isRead);
    await act();
    await (await answer).finished();
    await fence();
    // The answer sets the time of the next one.
    await page.clock.runFor(100);
  };
  const show = (state: "hidden" | "visible") =>
    page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, state);
  await reading(() => page.goto(projectSettings(own.account, id, "general")));
  await settled(page, "General");

  await reading(() => page.clock.runFor(15_000));
  await reading(() => page.clock.fastForward("05:00"));
  let before = reads;
  await page.clock.runFor(45_000);
  await fence();
  expect(reads).toBe(before);
  await reading(() => page.clock.runFor(30_000));
  // Whoever comes back sees at once what is new.
  await reading(() => page.getByRole("heading", { level: 1 }).click());

  await show("hidden");
  before = reads;
  await page.clock.runFor(60_000);
  await fence();
  expect(reads).toBe(before);
  await reading(() => show("visible"));
});

test("A create whose answer was lost is repeated with the same key, and makes one record; another form has another key (U131)", async ({
  browse,
  team,
  watch,
}) => {
  const page = await browse(team.owner);
  const keys: string[] = [];
  await page.route("**/v1/clients", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    const key = route.request().headers()["idempotency-key"] ?? "";
    keys.push(key);
    if (keys.length > 1) return route.fallback();
    // The API gets the call, and its answer is lost.
    const made = await team.owner.api.send("POST", "/v1/clients", route.request().postDataJSON(), {
      "idempotency-key": key,
    });
    expect(made.status).toBe(201);
    await route.fulfill({ ...BUSY, status: 504 });
  });
  watch.expects("504 POST /v1/clients");
  await page.goto(`${settings(team.account, "clients")}?create=true`);
  const form = page.getByRole("dialog", { name: "New client" });
  const name = `Once ${newAddress("o")}`;
  await form.getByLabel("Name", { exact: true }).fill(name);
  await form.getByRole("button", { name: "Create client" }).click();
  await expect(form.getByRole("alert")).toContainText("The service is busy. Try again in a moment.");
  await form.getByRole("button", { name: "Create client" }).click();
  await expect(toast(page, `Client ${name} was created`)).toBeVisible();
  await expect(page.getByRole("table").getByRole("row", { name })).toHaveCount(1);

  await page.getByRole("button", { name: "New client" }).click();
  await form.getByLabel("Name", { exact: true }).fill(`Twice ${newAddress("o")}`);
  await form.getByRole("button", { name: "Create client" }).click();
  await expect(form).toBeHidden();
  expect(keys).toHaveLength(3);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("Without a network the page says since when, blocks what would change something, and goes on afterwards (U125)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "clients"));
  await settled(page, "Clients");
  const menu = page.getByRole("button", { name: "Ana Lopes, your menu, Available" });
  await menu.click();
  await page.getByRole("menuitem", { name: "Away" }).waitFor();
  await page.keyboard.press("Escape");
  let reads = 0;
  page.on("request", (request) => {
    if (request.url().includes("/v1/clients?")) reads += 1;
  });
  await page.context().setOffline(true);
  await expect(page.getByText(/^You are offline\. This is as of \d\d:\d\d\.$/)).toBeVisible();
  const create = page.getByRole("button", { name: "New client" });
  await expect(create).toHaveAttribute("aria-disabled", "true");
  await expect(create).toHaveAccessibleDescription("You are offline, so nothing can be changed now.");
  await menu.click();
  const away = page.getByRole("menuitem", { name: "Away" });
  await expect(away).toHaveAttribute("aria-disabled", "true");
  await expect(away).toContainText("You are offline, so nothing can be changed now.");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.context().setOffline(false);
  await expect(page.getByText(/^You are offline/)).toBeHidden();
  await expect.poll(() => reads).toBeGreaterThan(0);
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
  let held = new Promise<void>((resolve) => {
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
  const table = page.getByRole("table", { name: "Roles of this account" });
  await expect(table).toBeVisible();

  // Loaded rows stay while they are read again.
  held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.context().setOffline(true);
  await page.context().setOffline(false);
  await expect(table).toHaveAttribute("aria-busy", "true");
  await expect(table.getByRole("row", { name: /^Agent/ })).toBeVisible();
  answer();
  await settled(page, "Roles");
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

test("A toast goes after six seconds, not while somebody reads it; an error stays, and what it is about is taken back (U136, U130)", async ({
  browse,
  team,
  watch,
}) => {
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

  await page.route("**/v1/me", (route) =>
    route.request().method() === "PATCH" ? route.fulfill(REFUSED) : route.fallback(),
  );
  watch.expects("503 PATCH /v1/me");
  const theme = await page.locator("html").getAttribute("data-theme");
  await page.getByRole("button", { name: "Ana Lopes, your menu" }).click();
  await page.getByRole("menuitem", { name: theme === "dark" ? "Light" : "Dark" }).click();
  const failed = page.getByRole("region", { name: "Notifications" }).getByRole("alert");
  await expect(failed).toContainText(PROBLEM.title);
  expect(await page.locator("html").getAttribute("data-theme")).toBe(theme);
  await page.clock.runFor(60_000);
  await expect(failed).toBeVisible();
  await failed.getByRole("button", { name: "Dismiss" }).click();
  await expect(failed).toBeHidden();
});
