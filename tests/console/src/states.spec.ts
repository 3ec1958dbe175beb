import type { Locator, Page } from "@playwright/test";
import { found } from "./people.ts";
import { BUSY, PROBLEM, REFUSED } from "./refusals.ts";
import { Entrance } from "./requests.ts";
import { newAddress } from "./stack.ts";
import { expect, settings, settled, test } from "./test.ts";
import type { Watch } from "./watch.ts";

/** Lets reads of the API fail, until they are mended. */
class Outage {
  private broken: readonly string[] = [];
  private readonly page: Page;
  private readonly watch: Watch;

  private constructor(page: Page, watch: Watch) {
    this.page = page;
    this.watch = watch;
  }

  static async of(page: Page, watch: Watch): Promise<Outage> {
    const outage = new Outage(page, watch);
    await page.route("**/v1/**", (route) => {
      const request = route.request();
      const isBroken = request.method() === "GET" && outage.broken.includes(new URL(request.url()).pathname);
      return isBroken ? route.fulfill(REFUSED) : route.fallback();
    });
    return outage;
  }

  begin(...paths: string[]): void {
    this.broken = paths;
    for (const path of paths) this.watch.expectsSome(`503 GET ${path}`);
  }

  /** The part that the page names as missing, with the words of the API below it. */
  async says(title: string): Promise<Locator> {
    const shown = this.page.getByRole("alert").filter({ has: this.page.getByRole("heading", { name: title }) });
    await expect(shown).toContainText(PROBLEM.title);
    await expect(shown).toContainText(PROBLEM.request_id);
    return shown;
  }

  end(): void {
    this.broken = [];
  }

  /** Ends it, and tries each of these parts again by itself. */
  async mend(...parts: Locator[]): Promise<void> {
    this.end();
    for (const part of parts) await part.getByRole("button", { name: "Try again" }).click();
    for (const part of parts) await expect(part).toHaveCount(0);
  }
}

test("A form whose choices cannot be read says which, keeps what is typed, and tries each again (U120, U122)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Choices Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const page = await browse(own.owner);
  const outage = await Outage.of(page, watch);

  const environments = `/v1/projects/${entrance.project}/environments`;
  const inProject = (rest: string) => `/console/a/${own.account}/p/${entrance.project}/${rest}`;
  const forms: [address: string, heading: RegExp, path: string, what: string, mended: () => Locator][] = [
    [
      inProject("settings/users/new"),
      /^Add User$/,
      environments,
      "The environments could not be read",
      () => page.getByRole("checkbox", { name: "Staging" }),
    ],
    [
      inProject("connectors/new/twilio"),
      /^New connector/,
      environments,
      "The environments could not be read",
      () => page.getByLabel("Environment").locator("option", { hasText: "Staging" }),
    ],
    [
      inProject(`connectors/${entrance.connector}`),
      /Help desk bot/,
      "/v1/providers",
      "The platforms could not be read",
      () => page.getByRole("button", { name: "Replace Bot token" }),
    ],
    [
      `${settings(own.account, "api-keys")}?create=true`,
      /^New API key$/,
      "/v1/projects",
      "The environments could not be read",
      () => page.getByLabel("Limited to").locator("option", { hasText: "Staging" }),
    ],
    [
      `${settings(own.account, "webhooks")}?create=true`,
      /^New webhook$/,
      "/v1/projects",
      "The projects could not be read",
      () => page.getByLabel("Limited to").locator("option", { hasText: "Help desk" }),
    ],
  ];
  for (const [address, heading, path, what, mended] of forms) {
    await test.step(address, async () => {
      outage.begin(path);
      await page.goto(address);
      await settled(page, heading);
      const shown = await outage.says(what);
      await expect(mended()).toHaveCount(0);
      await outage.mend(shown);
      await expect(mended()).toHaveCount(1);
    });
  }

  outage.begin("/v1/roles", "/v1/permissions", "/v1/channels", "/v1/clients", "/v1/teams", "/v1/auth/methods");
  await page.goto(settings(own.account, "users/new"));
  await settled(page, "Add User");
  await page.getByLabel("Full Name").fill("Ana Silva");
  await page.getByRole("radio", { name: "Only some clients" }).check();
  const missing: Locator[] = [];
  for (const what of ["roles", "permissions", "channels", "clients", "teams", "login methods"]) {
    missing.push(await outage.says(`The ${what} could not be read`));
  }
  await expect(page.getByText("There are no channels to choose from.")).toHaveCount(0);
  await outage.mend(...missing);
  await page.getByLabel("Role", { exact: true }).selectOption("Agent");
  await expect(page.getByText("Extra permissions")).toBeVisible();
  await expect(page.getByRole("group", { name: "Allowed channels" }).getByRole("checkbox")).not.toHaveCount(0);
  await expect(page.getByLabel("Full Name")).toHaveValue("Ana Silva");
});

test("What a list depends on fails alone: the list stays, and says what is missing (U122, U103)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Lists Inc");
  const entrance = await Entrance.open(own, "Help desk");
  await entrance.visit("Ada Lovelace");
  const email = newAddress("ida");
  await own.inviter.call("POST", "/v1/invitations", { email, name: "Ida Rhodes", role: "agent" });
  const page = await browse(own.owner);
  const outage = await Outage.of(page, watch);
  const environments = `/v1/projects/${entrance.project}/environments`;
  const inProject = (rest: string) => `/console/a/${own.account}/p/${entrance.project}/${rest}`;

  const lists: [address: string, heading: string, missing: Record<string, string>, stays: () => Locator][] = [
    [
      settings(own.account, "users"),
      "User Management",
      {
        "/v1/invitations": "The invitations could not be read",
        "/v1/roles": "The roles could not be read",
        "/v1/teams": "The teams could not be read",
        "/v1/desks": "The open conversations of members could not be read",
      },
      () => page.getByRole("row", { name: email }).first(),
    ],
    [
      settings(own.account, "roles"),
      "Roles",
      { "/v1/permissions": "The permissions could not be read", "/v1/members": "The members could not be read" },
      () => page.getByRole("table", { name: "Roles of this account" }),
    ],
    [
      settings(own.account, "channels"),
      "Channels",
      { "/v1/clients": "The clients could not be read" },
      () => page.getByRole("table", { name: "Channels of this account" }),
    ],
    [
      settings(own.account, "login-methods"),
      "Login methods",
      { "/v1/account": "The rules of the account could not be read" },
      () => page.getByRole("table", { name: "Login methods" }),
    ],
    [
      inProject("connectors"),
      "Connectors",
      { [environments]: "The environments could not be read", "/v1/clients": "The clients could not be read" },
      () => page.getByRole("article", { name: "Help desk bot" }),
    ],
    [
      inProject("people"),
      "People",
      { "/v1/providers": "The platforms could not be read", [environments]: "The environments could not be read" },
      () => page.getByRole("row", { name: /Ada Lovelace/ }),
    ],
    [
      inProject("conversations?view=all"),
      "Conversations",
      {
        "/v1/clients": "The clients could not be read",
        "/v1/channels": "The channels could not be read",
        "/v1/teams": "The teams could not be read",
        [`/v1/projects/${entrance.project}/connectors`]: "The connectors could not be read",
        "/v1/providers": "The platforms could not be read",
      },
      () => page.getByRole("region", { name: "Filters by client, channel and team" }),
    ],
  ];
  for (const [address, heading, missing, stays] of lists) {
    await test.step(heading, async () => {
      outage.begin(...Object.keys(missing));
      await page.goto(address);
      await settled(page, heading);
      await expect(stays()).toBeVisible();
      const parts: Locator[] = [];
      for (const what of Object.values(missing)) parts.push(await outage.says(what));
      await outage.mend(...parts);
      await expect(stays()).toBeVisible();
    });
  }

  // The frame says so, too, and its projects come back.
  outage.begin("/v1/projects");
  await page.goto(settings(own.account, "audit"));
  await settled(page, "Audit log");
  await page.getByRole("button", { name: "Projects could not be read" }).click();
  await outage.mend();
  await page.getByRole("menuitem", { name: "Try again" }).click();
  await expect(page.getByRole("button", { name: "Help desk, switch project" })).toBeVisible();
});

test("A polled part that could not be read keeps its error and the focus while it is tried again, and leaves the focus to the heading (U122)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Polls Inc");
  const { id } = await own.inviter.call("POST", "/v1/projects", { name: "Help desk" });
  const page = await browse(own.owner);
  const outage = await Outage.of(page, watch);
  outage.begin("/v1/desks");
  await page.goto(`/console/a/${own.account}/p/${id}/conversations?view=queue`);
  await settled(page, "Conversations");
  const shown = await outage.says("The room on the channels could not be read");
  const again = shown.getByRole("button", { name: "Try again" });
  await again.focus();

  // The next poll waits for its answer.
  const answer = Promise.withResolvers<void>();
  await page.route("**/v1/desks?*", async (route) => {
    await answer.promise;
    await route.fallback();
  });
  const drawn = () =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const poll = page.waitForRequest("**/v1/desks?*");
  // Whoever comes back to the tab need not wait for the interval.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
  await poll;
  await drawn();
  await expect(again).toBeFocused();
  const refusal = page.waitForResponse("**/v1/desks?*");
  answer.resolve();
  await refusal;
  await drawn();
  await expect(again).toBeFocused();

  await outage.mend(shown);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("A part whose error is followed by a busy service keeps its title and the focus on its button (U122)", async ({
  browse,
  team,
  watch,
}) => {
  const page = await browse(team.owner);
  const outage = await Outage.of(page, watch);
  outage.begin("/v1/roles");
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  const title = "The roles could not be read";
  const again = (await outage.says(title)).getByRole("button", { name: "Try again" });
  await page.route("**/v1/roles*", (route) => route.fulfill(BUSY), { times: 1 });
  await again.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("The service is busy. Trying again in 5 s.")).toBeVisible();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeFocused();
});

test("A page that could not be shown gives the focus to its heading once it is tried again (U122, U152)", async ({
  browse,
  team,
  watch,
}) => {
  const page = await browse(team.owner);
  const outage = await Outage.of(page, watch);
  outage.begin("/v1/me");
  watch.allowsError(`ApiProblem: ${PROBLEM.title}`);
  await page.goto(settings(team.account, "roles"));
  const shown = await outage.says(PROBLEM.title);
  await expect(page.getByRole("heading", { level: 1, name: "This page could not be shown" })).toBeVisible();
  outage.end();
  await shown.getByRole("button", { name: "Try again" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Roles" })).toBeFocused();
});

test("A link that leads to a change and looks like a button is blocked offline as a button is, and says why (U125)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Links Inc");
  const { id } = await own.inviter.call("POST", "/v1/projects", { name: "Help desk" });
  const page = await browse(own.owner);
  const pages: [address: string, heading: string, link: string][] = [
    [`/console/a/${own.account}/p/${id}/connectors`, "Connectors", "New connector"],
    [settings(own.account, "users"), "User Management", "Add User"],
    [settings(own.account, "login-methods"), "Login methods", "Set up OAuth 2.0"],
  ];
  for (const [address, heading, name] of pages) {
    await page.goto(address);
    await settled(page, heading);
    const link = page.getByRole("link", { name }).first();
    await expect(link).not.toHaveAttribute("aria-disabled");
    await page.context().setOffline(true);
    await expect(link).toHaveAttribute("aria-disabled", "true");
    await expect(link).toHaveAccessibleDescription("You are offline, so nothing can be changed now.");
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(link).toBeFocused();
    expect(new URL(page.url()).pathname).toBe(address);
    await page.context().setOffline(false);
    await expect(link).not.toHaveAttribute("aria-disabled");
  }
});
