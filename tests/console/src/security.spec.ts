import { facts } from "./stack.ts";
import { expect, settings, settled, test } from "./test.ts";

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
