import type { Page } from "@playwright/test";
import { conversationOf, conversationsOf, openDesk } from "./desk.ts";
import { multiply, showAll } from "./many-rows.ts";
import { found, join, type Person, type Team } from "./people.ts";
import { Entrance, requestsOf } from "./requests.ts";
import { newAddress } from "./stack.ts";
import { expect, PHONE, settings, settled, test, WIDE } from "./test.ts";
import { phoneOf, projectSettings } from "./users.ts";

const NAMES = [
  ["Arabic", "ليلى عبد الرحمن"],
  ["Chinese", "司馬光與歐陽修 先生"],
  ["emoji", "🦊 Ada 🇬🇧 Lovelace"],
  ["markup", `<img src=x onerror=alert(1)><b>Bo</b>&lt;i&gt;"'`],
  ["200 characters", `${"W".repeat(99)} ${"M".repeat(100)}`],
] as const;

/** Links that open the rows of a list. */
const ROWS = "[data-row], [data-request] h2 a";

interface List {
  name: "requests" | "people" | "users" | "members" | "conversations";
  heading: string;
  address: string;
  /** Characters of a name that the list's records take. */
  longest: number;
}

interface Place {
  own: Team & { owner: Person };
  project: string;
  lists: readonly List[];
}

let place: Place;

// All tests look at the same lists, which are made once.
test.describe.configure({ mode: "default" });

test.beforeAll(async ({ team }) => {
  test.setTimeout(180_000);
  const own = await found(team.owner, "Lists Inc");
  const entrance = await Entrance.open(own, "Front door");
  const desk = await openDesk(own, "Desk");
  const { project } = entrance;
  const { items: environments } = await own.inviter.call("GET", `/v1/projects/${project}/environments`);
  for (const [index, [, name]] of NAMES.entries()) {
    const text = `Look at https://evil.example/ ${name}`;
    await entrance.visit(name, text);
    const writer = await desk.arrive(name, text);
    await conversationOf(own, desk, writer, "waiting");
    const [first_name, ...rest] = name.split(" ");
    await own.inviter.call("POST", `/v1/projects/${project}/end-users`, {
      first_name,
      last_name: rest.join(" "),
      phone: phoneOf(index),
      environment_ids: [environments[0].id],
    });
    const email = newAddress("strange");
    await own.inviter.call("POST", "/v1/invitations", { email, name: name.slice(0, 99), role: "agent" });
  }
  const inProject = (rest: string) => `/console/a/${own.account}/p/${project}/${rest}`;
  place = {
    own,
    project,
    lists: [
      {
        name: "requests",
        heading: "Access Requests",
        address: requestsOf(own.account, project, "?provider=telegram"),
        longest: 200,
      },
      { name: "people", heading: "People", address: inProject("people?provider=telegram"), longest: 200 },
      {
        name: "users",
        heading: "Users Management",
        address: projectSettings(own.account, project, "users?source=invited"),
        longest: 200,
      },
      {
        name: "members",
        heading: "User Management",
        address: `${settings(own.account, "users")}?status=pending`,
        longest: 99,
      },
      {
        name: "conversations",
        heading: "Conversations",
        address: conversationsOf(own.account, desk.project, "?view=all&channel=telegram"),
        longest: 200,
      },
    ],
  };
});

/** Opens a list, and waits for its rows. */
async function show(page: Page, { address, heading }: List): Promise<void> {
  await page.goto(address);
  await settled(page, heading);
  await expect(page.locator(ROWS)).toHaveCount(NAMES.length);
}

test("Names in Arabic and Chinese, with emoji, markup and 200 characters stand as text, isolated and without sideways scrolling, in every list (U141, U151, U161)", async ({
  browse,
}) => {
  test.slow();
  const page = await browse(place.own.owner);
  for (const list of place.lists) {
    await test.step(list.name, async () => {
      await show(page, list);
      for (const [kind, name] of NAMES) {
        const link = page.locator(ROWS).filter({ hasText: name.slice(0, list.longest) });
        await expect(link, kind).toBeVisible();
        const isolated = await link.evaluate((shown) => Boolean(shown.closest("bdi") ?? shown.querySelector("bdi")));
        expect(isolated, kind).toBe(true);
      }
      await expect(page.locator("main :is(img[src=x], b)")).toHaveCount(0);
      await expect(page.locator("main a[href*='evil.example']")).toHaveCount(0);
      for (const width of [WIDE.width, PHONE.width, 320]) {
        await page.setViewportSize({ width, height: PHONE.height });
        await expect
          .poll(() => page.evaluate(() => document.documentElement.scrollWidth), {
            message: `${list.name}, ${width} px`,
          })
          .toBeLessThanOrEqual(width);
      }
      if (list.name === "requests") {
        const long = page.locator("[data-request]").filter({ hasText: "W".repeat(99) });
        const heading = long.getByRole("heading");
        const cut = await heading.evaluate(({ clientHeight }) => clientHeight);
        await heading.getByRole("button", { name: "Show all" }).click();
        await expect(heading.getByRole("button", { name: "Show all" })).toHaveCount(0);
        expect(await heading.evaluate(({ clientHeight }) => clientHeight)).toBeGreaterThan(cut);
      }
      await page.setViewportSize(WIDE);
    });
  }
});

test("Every list goes from row to row by keys and opens one, searches by “/”, clears the search by Esc, and has no single keys for who switched them off (U150)", async ({
  browse,
}) => {
  test.slow();
  const person = await join(place.own, { role: "super_admin", name: "Ida Rhodes" });
  const page = await browse(person);
  for (const list of place.lists) {
    await test.step(list.name, async () => {
      await show(page, list);
      const rows = page.locator(ROWS);
      await page.keyboard.press("j");
      await expect(rows.first()).toBeFocused();
      await page.keyboard.press("j");
      await expect(rows.nth(1)).toBeFocused();
      await page.keyboard.press("k");
      await expect(rows.first()).toBeFocused();
      const { pathname } = new URL(page.url());
      await page.keyboard.press("o");
      await expect(page).toHaveURL((url) => url.pathname.startsWith(`${pathname}/`));
      await show(page, list);
      const search = page.getByLabel(/^Search by name/);
      if ((await search.count()) > 0) {
        await page.keyboard.press("/");
        await expect(search).toBeFocused();
        await page.keyboard.type("nobody j o");
        await page.keyboard.press("Enter");
        await expect(page).toHaveURL(/q=nobody/);
        await page.getByRole("heading", { level: 1 }).focus();
        await page.keyboard.press("Escape");
        await expect(page).not.toHaveURL(/q=/);
        await expect(rows).toHaveCount(NAMES.length);
      }
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
      // Off in dialogs.
      await page.keyboard.press("j");
      await page.keyboard.press("Escape");
      await expect(page.locator(":is([data-row], [data-request] h2 a):focus")).toHaveCount(0);
    });
  }
  await page.goto("/console/profile?tab=preferences");
  await settled(page, "Profile");
  const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await page.getByRole("switch", { name: "Shortcuts with single keys" }).uncheck();
  await saved;
  for (const list of place.lists.filter(({ name }) => name !== "users" && name !== "members")) {
    await show(page, list);
    await page.keyboard.press("j");
    await page.keyboard.press("?");
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.locator(":is([data-row], [data-request] h2 a):focus")).toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1, name: list.heading })).toBeVisible();
  }
});

test("On paper every list has its heading, its filters in words, the time of printing and all rows, and no navigation, button or field (U162)", async ({
  browse,
}) => {
  const page = await browse(place.own.owner, { colorScheme: "dark" });
  for (const list of place.lists) {
    await test.step(list.name, async () => {
      await show(page, list);
      const note = page.locator("[data-print-note]");
      await expect(note).toBeAttached();
      await expect(note).toBeHidden();
      const filter = {
        requests: "Provider: Telegram",
        people: "Provider: Telegram",
        users: "Source: Invited",
        members: "Status: Pending",
        conversations: "Channel: Telegram",
      }[list.name];
      const option = page.locator("main option:checked").filter({ hasText: filter.split(": ")[1] ?? "" });
      await expect(option).toBeAttached();
      await page.emulateMedia({ media: "print" });
      await expect(page.getByRole("heading", { level: 1, name: list.heading })).toBeVisible();
      await expect(note).toContainText(/Printed \d{1,2} \w+ 20\d\d, \d\d:\d\d/);
      await expect(note).toContainText(filter);
      await expect(page.locator(ROWS)).toHaveCount(NAMES.length);
      for (const row of await page.locator(ROWS).all()) await expect(row).toBeVisible();
      for (const role of ["navigation", "button", "textbox", "combobox", "checkbox"] as const) {
        await expect(page.getByRole(role)).toHaveCount(0);
      }
      // Paper is white, whatever the theme.
      const text = await page.locator("h1").evaluate((heading) => getComputedStyle(heading).color);
      expect(text).toBe("rgb(26, 28, 34)");
      await page.emulateMedia({ media: "screen" });
    });
  }
});

test("A browser in German and Kathmandu gets its own order, clock and separators, English words, and the exact time with zone and UTC on hover and focus; the profile fixes zone and clock (U140)", async ({
  browse,
}) => {
  const person = await join(place.own, { role: "super_admin", name: "Ida Rhodes" });
  const page = await browse(person, { locale: "de-DE", timezoneId: "Asia/Kathmandu" });
  await page.route(/\/end-users\/counts/, (route) => route.fulfill({ json: { count: 1000, more: true } }));
  await page.goto(projectSettings(place.own.account, place.project, "users"));
  await settled(page, "Users Management");
  await expect(page.getByText("1.000+ users")).toBeVisible();
  const time = page.getByRole("table").locator("time").first();
  const at = (await time.getAttribute("datetime")) ?? "";
  const day = { day: "numeric", month: "short", year: "numeric" } as const;
  const there = (options: Intl.DateTimeFormatOptions, timeZone: string) =>
    new Intl.DateTimeFormat("en-DE", { ...options, timeZone }).format(new Date(at));
  await expect(time).toHaveText(there(day, "Asia/Kathmandu"));
  const exact = (await time.getAttribute("title")) ?? "";
  expect(exact).toMatch(/(GMT\+5:45|Nepal)/);
  expect(exact).toContain(`(${at.slice(0, 19).replace("T", " ")} UTC)`);
  // The code that shows it on focus comes once the browser is idle.
  await expect(page.locator("[data-print-note]")).toBeAttached();
  await page.keyboard.press("Tab");
  await time.focus();
  const tip = page.locator("[popover]").filter({ hasText: "UTC" });
  await expect(tip).toHaveText(exact);
  await expect(tip).toBeInViewport({ ratio: 1 });
  await page.keyboard.press("Escape");
  await expect(tip).toHaveCount(0);

  await page.goto("/console/profile?tab=preferences");
  await settled(page, "Profile");
  await page.getByLabel("Time zone").selectOption("America/New_York");
  await page.getByRole("radio", { name: /^12 hours: / }).check();
  await expect
    .poll(async () => (await person.api.call("GET", "/v1/me")).preferences)
    .toMatchObject({ time_zone: "America/New_York", hour_cycle: "h12" });
  await page.goto(projectSettings(place.own.account, place.project, "users"));
  await settled(page, "Users Management");
  await expect(time).toHaveText(there(day, "America/New_York"));
  await expect(time).toHaveAttribute("title", /\d\s?[ap]m\s.*(EST|EDT|GMT-[45])/i);
});

test("Lists of 500 rows show all of them, and go on to work (U123, U150)", async ({ browse }) => {
  test.slow();
  const page = await browse(place.own.owner);
  const inApi = (rest: string) => `/v1/projects/${place.project}/${rest}`;
  const named = (field: string) => (row: object, number: number) => ({ ...row, [field]: `Person ${number}` });
  await multiply(page, inApi("chat-users"), 500, named("display_name"));
  await multiply(page, inApi("end-users"), 500, named("full_name"));
  for (const list of place.lists.filter(({ name }) => name === "people" || name === "users")) {
    await test.step(list.name, async () => {
      await page.goto(list.address);
      await settled(page, list.heading);
      await showAll(page, ROWS, 500);
      await expect(page.locator(ROWS)).toHaveCount(500);
      await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
      await page.keyboard.press("j");
      await expect(page.locator(ROWS).first()).toBeFocused();
      const last = page.locator(ROWS).last();
      await last.scrollIntoViewIfNeeded();
      await expect(last).toHaveText("Person 500");
    });
  }
});
