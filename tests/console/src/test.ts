import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import { acme, found, join, type Person, type Staffed } from "./people.ts";
import { facts, SESSION } from "./stack.ts";
import { Watch } from "./watch.ts";

export { expect };

interface Fixtures {
  watch: Watch;
  /** Opens a browser of its own, in which this person is signed in. */
  browse: (person?: Person, options?: BrowserContextOptions) => Promise<Page>;
}

interface Shared {
  /** An account that only the tests of one worker use. */
  team: Staffed;
}

export const WIDE = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** The permission to copy, which a person gives by pressing the button. */
const CLIPBOARD = ["clipboard-read", "clipboard-write"];

export const test = base.extend<Fixtures, Shared>({
  team: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture uses from its pattern
    async ({}, use, worker) => {
      const owner = await join(acme, { role: "super_admin", name: "Ana Lopes" });
      const team = await found(owner, `Initech ${worker.workerIndex}`);
      const deputy = await join(team, { role: "super_admin", name: "Bo Diaz" });
      const agent = await join(team, { name: "Grace Hopper" });
      await use({ ...team, deputy, agent });
    },
    { scope: "worker" },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above
  watch: async ({}, use) => {
    const watch = new Watch(facts.api_url);
    await use(watch);
    expect(watch.outcome()).toEqual([]);
  },
  browse: async ({ browser, watch }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (person, options = {}) => {
      const context = await browser.newContext({
        baseURL: facts.api_url,
        locale: "en-GB",
        permissions: CLIPBOARD,
        reducedMotion: "reduce",
        timezoneId: "Europe/Berlin",
        viewport: WIDE,
        ...options,
      });
      contexts.push(context);
      await watch.follow(context);
      if (person) await context.addCookies([cookieOf(person)]);
      return context.newPage();
    });
    for (const context of contexts) {
      // An answer that a test changes on its way may still be awaited when the test ends.
      for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    }
  },
});

/** The cookie by which somebody is signed in. */
export function cookieOf({ cookie }: Person) {
  const domain = new URL(facts.api_url).hostname;
  return { name: SESSION, value: cookie, domain, path: "/", httpOnly: true, secure: true, sameSite: "Lax" as const };
}

/** The address of a page in an account. */
export function settings(account: string, page = ""): string {
  return `/console/a/${account}/settings${page && `/${page}`}`;
}

/** Fills in the form of the sign-in. */
export async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("Email", { exact: true }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Begins the set-up of a second factor, with the password that it takes, and returns the dialog that shows the key. */
export async function beginSecondFactor(page: Page, password: string): Promise<Locator> {
  await page.getByRole("button", { name: "Set up second factor" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up second factor" });
  await dialog.getByLabel("Current password").fill(password);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog.getByRole("img", { name: "QR code with the key of your second factor" })).toBeVisible();
  return dialog;
}

/** Waits until the page that shows this heading has read all that it shows. */
export async function settled(page: Page, heading?: string | RegExp): Promise<void> {
  if (heading) await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
  // Behind an open dialog the heading has no role, but it is there once the page's code is.
  else await expect(page.locator("h1").first()).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

/** Signs in as somebody at the stack's OpenID provider, which believes everybody. */
export async function atProvider(page: Page, { name, email }: { name: string; email: string }): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The toast with these words. */
export function toast(page: Page, words: string | RegExp): Locator {
  return page.getByRole("region", { name: "Notifications" }).getByRole("status").filter({ hasText: words });
}
