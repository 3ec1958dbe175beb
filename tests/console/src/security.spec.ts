import { readdirSync, readFileSync, statSync } from "node:fs";
import { join as path } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { invite } from "./people.ts";
import { dist, facts, newAddress } from "./stack.ts";
import { expect, settings, settled, test } from "./test.ts";

const KIB = 1024;

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
  const refused = await page.evaluate(async (elsewhere) => {
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
  }, facts.openid_url.replace(/\/*$/, "/"));
  expect(refused).toEqual(expect.arrayContaining(["connect-src", "img-src", "require-trusted-types-for"]));
  await expect(page).toHaveTitle("Sign in · Vestibule");
  await context.close();
});

/** Everything that a first visit to a page transfers, by its type. */
async function firstLoad(page: Page, address: string, heading: RegExp) {
  const names: string[] = [];
  page.on("response", (response) => {
    const name = /\/console\/assets\/([^/?]+\.(?:js|css))$/.exec(response.url())?.[1];
    if (name) names.push(name);
  });
  await page.goto(address);
  await settled(page, heading);
  return [...new Set(names)];
}

/** The bytes of these files as gzip sends them. */
function gzipped(names: readonly string[], ending: string): number {
  return names
    .filter((name) => name.endsWith(ending))
    .reduce((sum, name) => sum + gzipSync(readFileSync(path(dist, "assets", name)), { level: 9 }).length, 0);
}

test("A first visit to the sign-in loads at most 150 KB of JavaScript and 20 KB of styles (U173)", async ({ browse }) => {
  const page = await browse();
  const names = await firstLoad(page, "/console/sign-in", /^Sign in$/);
  expect(names.length).toBeGreaterThan(2);
  expect(gzipped(names, ".js")).toBeLessThanOrEqual(150 * KIB);
  expect(gzipped(names, ".css")).toBeLessThanOrEqual(20 * KIB);
});

test("A first visit to an invitation loads at most 150 KB of JavaScript and 20 KB of styles (U173)", async ({
  browse,
  team,
}) => {
  const link = await invite(team, newAddress("budget"), { role: "agent" });
  const page = await browse();
  const names = await firstLoad(page, link, /invites you to/);
  expect(names.length).toBeGreaterThan(2);
  expect(gzipped(names, ".js")).toBeLessThanOrEqual(150 * KIB);
  expect(gzipped(names, ".css")).toBeLessThanOrEqual(20 * KIB);
});

test("Every page of an account loads at most 150 KB of JavaScript in brotli and 20 KB of styles (U173, U171)", async ({
  browse,
  team,
}) => {
  for (const [section, heading] of [
    ["users", /User Management/],
    ["users/new", /Add User/],
    ["roles", /Roles/],
    ["clients", /Clients/],
    ["login-methods", /Login methods/],
    ["api-keys", /API keys/],
    ["audit", /Audit log/],
    ["account", /Account/],
  ] as const) {
    const page = await browse(team.owner);
    const names = await firstLoad(page, settings(team.account, section), heading);
    const packed = names.filter((name) => name.endsWith(".js")).reduce((sum, name) => sum + sizeOf(name), 0);
    expect(packed, section).toBeLessThanOrEqual(150 * KIB);
    expect(gzipped(names, ".css"), section).toBeLessThanOrEqual(20 * KIB);
    await page.context().close();
  }
});

/** The size of a file as the build packed it. */
function sizeOf(name: string): number {
  const folder = path(dist, "assets");
  const isPacked = readdirSync(folder).includes(`${name}.br`);
  return statSync(path(folder, isPacked ? `${name}.br` : name)).size;
}

test("A chunk that is gone after a deploy loads the page once again (U171)", async ({ browse, team, watch }) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  let gone = true;
  await page.route("**/console/assets/roles-page-*.js", (route) => {
    if (!gone) return route.continue();
    gone = false;
    return route.fulfill({ status: 404 });
  });
  watch.misses("roles-page");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Roles" }).click();
  await settled(page, "Roles");
  expect(gone).toBe(false);
  expect((await fetch(`${facts.api_url}/console/assets/gone-1a2b.js`)).status).toBe(404);
});
