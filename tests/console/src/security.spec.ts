import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Page, Response } from "@playwright/test";
import { found, invite } from "./people.ts";
import { requestsOf } from "./requests.ts";
import { facts, newAddress } from "./stack.ts";
import { expect, settings, settled, test } from "./test.ts";

/** As the budget counts: the smaller of the two kinds. */
const KB = 1000;

test("The page's policy lets it load its own files and nothing else, and is kept by every page (U170)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  const answer = await page.goto(settings(team.account, "users"));
  const headers = (await answer?.allHeaders()) ?? {};
  const policy = headers["content-security-policy"] ?? "";
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  expect(policy).toBe(
    `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' blob:; connect-src 'self'; font-src 'none'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
  );
  expect(headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  });
  expect(headers["strict-transport-security"]).toMatch(/max-age=\d+/);
  const again = await page.reload();
  expect((await again?.allHeaders())?.["content-security-policy"]).not.toContain(nonce);
});

test("The policy holds: markup that would run, another origin and a foreign image are all refused (U170)", async ({
  browser,
}) => {
  // Without the watch, which takes every report for a fault.
  const context = await browser.newContext({ baseURL: facts.api_url });
  const page = await context.newPage();
  await page.goto("/console/sign-in");
  await settled(page, "Sign in");
  const refused = await page.evaluate(
    async (elsewhere) => {
      const reports = new Set<string>();
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => reports.add(effectiveDirective));
      await fetch(elsewhere).catch(() => {});
      const image = new Image();
      image.src = `${elsewhere}image.png`;
      await image.decode().catch(() => {});
      const button = document.createElement("button");
      try {
        button.setAttribute("onclick", "document.title = 'run'");
      } catch {
        // Trusted types refuse the attribute itself.
      }
      button.click();
      try {
        document.body.innerHTML = "<p>markup</p>";
      } catch {
        // Trusted types refuse markup from text.
      }
      await new Promise((resolve) => setTimeout(resolve));
      return [...reports];
    },
    facts.openid_url.replace(/\/*$/, "/"),
  );
  expect(refused).toEqual(expect.arrayContaining(["connect-src", "img-src", "require-trusted-types-for"]));
  await expect(page).toHaveTitle("Sign in · Vestibule");
  await context.close();
});

/** The transfer of a first visit to a page: files of the console, each once, as the browser unpacked them and as they came. */
class FirstLoad {
  private readonly files = new Map<string, Response>();

  static async of(page: Page, address: string, heading: string | RegExp): Promise<FirstLoad> {
    const load = new FirstLoad();
    // Files fetched while the browser is idle are no part of the first load.
    await page.addInitScript(() => {
      window.requestIdleCallback = () => 0;
    });
    page.on("response", (response) => {
      const name = /\/console\/assets\/([^/?]+)$/.exec(response.url())?.[1];
      if (name) load.files.set(name, response);
    });
    await page.goto(address);
    await settled(page, heading);
    expect(load.files.size).toBeGreaterThan(2);
    return load;
  }

  /** The bytes of all scripts or styles, as gzip makes them. */
  async gzipped(ending: ".js" | ".css"): Promise<number> {
    let sum = 0;
    for (const response of this.of(ending)) sum += gzipSync(await response.body(), { level: 9 }).length;
    return sum;
  }

  /** The bytes of all scripts, as brotli makes them. */
  async brotli(): Promise<number> {
    let sum = 0;
    for (const response of this.of(".js")) sum += brotliCompressSync(await response.body()).length;
    return sum;
  }

  private of(ending: string): Response[] {
    return [...this.files].filter(([name]) => name.endsWith(ending)).map(([, response]) => response);
  }
}

test("A first visit to the sign-in or an invitation loads at most 150 KB of JavaScript and 20 KB of styles (U173)", async ({
  browse,
  team,
}) => {
  const link = await invite(team, newAddress("budget"), { role: "agent" });
  for (const [address, heading] of [
    ["/console/sign-in", "Sign in"],
    [link, /invites you to/],
  ] as const) {
    const load = await FirstLoad.of(await browse(), address, heading);
    expect(await load.gzipped(".js")).toBeLessThanOrEqual(150 * KB);
    expect(await load.gzipped(".css")).toBeLessThanOrEqual(20 * KB);
  }
});

test("Every page of an account loads at most 150 KB of JavaScript in brotli and 20 KB of styles (U173)", async ({
  browse,
  team,
}) => {
  for (const [section, heading] of [
    ["users", "User Management"],
    ["users/new", "Add User"],
    ["roles", "Roles"],
    ["clients", "Clients"],
    ["login-methods", "Login methods"],
    ["api-keys", "API keys"],
    ["audit", "Audit log"],
    ["account", "Account"],
  ] as const) {
    const page = await browse(team.owner);
    const load = await FirstLoad.of(page, settings(team.account, section), heading);
    expect(await load.brotli(), section).toBeLessThanOrEqual(150 * KB);
    expect(await load.gzipped(".css"), section).toBeLessThanOrEqual(20 * KB);
    await page.context().close();
  }
});

test("The access requests load at most 150 KB of JavaScript and 20 KB of styles (U173)", async ({ browse, team }) => {
  const own = await found(team.owner, "Budget Inc");
  const { id } = await own.inviter.call("POST", "/v1/projects", { name: "Budget" });
  const load = await FirstLoad.of(await browse(own.owner), requestsOf(own.account, id), "Access Requests");
  expect(await load.gzipped(".js")).toBeLessThanOrEqual(150 * KB);
  expect(await load.gzipped(".css")).toBeLessThanOrEqual(20 * KB);
});

test("A chunk that is gone after a deploy loads the page once again (U171)", async ({ browse, team, watch }) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  let gone = true;
  await page.route("**/console/assets/roles-page-*.js", (route) => {
    if (!gone) return route.fallback();
    gone = false;
    return route.fulfill({ status: 404 });
  });
  watch.misses("roles-page");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Roles" }).click();
  await settled(page, "Roles");
  expect(gone).toBe(false);
  expect((await fetch(`${facts.api_url}/console/assets/gone-1a2b.js`)).status).toBe(404);
});
