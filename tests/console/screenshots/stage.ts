import {
  type Browser,
  type BrowserContext,
  test as base,
  expect,
  type Page,
  type Request,
  type Route,
} from "@playwright/test";
import type { Person } from "../src/people.ts";
import { facts, SESSION } from "../src/stack.ts";
import { settled, WIDE } from "../src/test.ts";
import { picture } from "./album.ts";
import { type World, world } from "./world.ts";

export { expect };

interface Fixtures {
  /** Opens a browser of its own, in which this person is signed in. */
  open: (person?: Person) => Promise<Page>;
  /** Opens a tab of a person's browser, which keeps the console's files. */
  tab: (person?: Person) => Promise<Page>;
}

interface Shared {
  world: World;
  browsers: Map<string, BrowserContext>;
}

export const test = base.extend<Fixtures, Shared>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture uses from its pattern
    async ({}, use) => use(await world()),
    { scope: "worker", timeout: 300_000 },
  ],
  browsers: [
    async ({ browser: _ }, use) => {
      const browsers = new Map<string, BrowserContext>();
      await use(browsers);
      for (const context of browsers.values()) await context.close();
    },
    { scope: "worker" },
  ],
  open: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (person) => {
      const context = await enter(browser, person);
      contexts.push(context);
      return followed(await context.newPage());
    });
    for (const context of contexts) await context.close();
  },
  tab: async ({ browser, browsers }, use) => {
    const pages: Page[] = [];
    await use(async (person) => {
      const name = person?.email ?? "nobody";
      const context = browsers.get(name) ?? (await enter(browser, person));
      browsers.set(name, context);
      await context.setOffline(false);
      const page = await context.newPage();
      pages.push(page);
      return followed(page);
    });
    for (const page of pages) {
      // Reads that a scene answers itself may still be awaited.
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await page.close();
    }
  },
});

async function enter(browser: Browser, person?: Person): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: facts.api_url,
    locale: "en-GB",
    permissions: ["clipboard-read", "clipboard-write"],
    reducedMotion: "reduce",
    timezoneId: "Europe/Berlin",
    viewport: WIDE,
  });
  const { hostname: domain } = new URL(facts.api_url);
  const cookie = { name: SESSION, domain, path: "/", httpOnly: true, secure: true, sameSite: "Lax" as const };
  if (person) await context.addCookies([{ ...cookie, value: person.cookie }]);
  return context;
}

/** Calls of the API and files of code without an answer yet, by page. */
const awaited = new WeakMap<Page, Set<Request>>();

const isCall = (request: Request) => new URL(request.url()).pathname.startsWith("/v1/");
const isCode = (request: Request) => new URL(request.url()).pathname.endsWith(".js");

function followed(page: Page): Page {
  const open = new Set<Request>();
  awaited.set(page, open);
  page.on("request", (request) => {
    if (isCall(request) || isCode(request)) open.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"] as const) {
    page.on(end as "requestfinished", (request) => open.delete(request));
  }
  return page;
}

/** Waits until a page has the answer to every call, and shows it: parts of a page are read without a sign of it. */
export async function quiet(page: Page): Promise<void> {
  await answered(page, isCall);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

/** Waits until a page's code is there, and its skeleton in sight. */
export async function waiting(page: Page): Promise<void> {
  await answered(page, isCode);
  const own = page.locator("[aria-busy=true]:not([data-awaits=code] *) i");
  await expect(own.filter({ visible: true }).first()).toBeVisible();
}

async function answered(page: Page, isMeant: (request: Request) => boolean): Promise<void> {
  await expect
    .poll(
      async () => {
        // An answer may lead to the next request.
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        return [...(awaited.get(page) ?? [])].filter(isMeant).map((request) => request.url());
      },
      { message: "the requests without an answer", intervals: [50] },
    )
    .toEqual([]);
}

/** Waits for a dialog. */
export const dialog = (page: Page): Promise<void> =>
  expect(page.getByRole("dialog").or(page.getByRole("alertdialog")).first()).toBeVisible();

/** Presses the first button of this name. */
export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("button", { name }).first().click();

/** Chooses an item of the menu behind a button. */
export async function choose(page: Page, button: string | RegExp, item: string | RegExp): Promise<void> {
  await press(page, button);
  await page.getByRole("menuitem", { name: item }).click();
}

/**
 * Takes a picture of a menu, opened anew for each window: one of another size may have closed the menu, or have another button
 * for it.
 */
export function pictureOfMenu(page: Page, name: string, open: () => Promise<unknown>): Promise<void> {
  const menu = page.getByRole("menu");
  return picture(page, name, async () => {
    // One that closes by itself meanwhile is as good: what is below it must not get the key.
    if (await menu.isVisible()) await menu.press("Escape", { timeout: 1_000 }).catch(() => {});
    await expect(menu).toBeHidden();
    await open();
    await expect(menu).toBeVisible();
    await quiet(page);
  });
}

interface Contest {
  path: string;
  /** The change that somebody else makes meanwhile, and what takes it back. */
  theirs: object;
  before: object;
  /** Words of the button that saves. */
  save: string;
}

/** Saves a form whose record somebody else changes meanwhile, and waits for the question that follows. */
export async function contest(page: Page, world: World, { path, theirs, before, save }: Contest): Promise<void> {
  const { api, name } = world.deputy;
  await api.call("PATCH", path, theirs);
  try {
    await page.getByRole("button", { name: save, exact: true }).first().click();
    const question = page.getByRole("dialog", { name: `${name} changed this while you were editing.` });
    await expect(question.getByRole("table")).toBeVisible();
  } finally {
    await api.call("PATCH", path, before);
  }
}

/** Leads from a page as it is loaded to the state of the picture. */
export type Reach = (page: Page, world: World) => Promise<unknown>;

/** Takes a picture of the owner's page at an address, after what leads to the state. */
export function shot(name: string, address: (world: World) => string, reach: Reach = async () => {}): void {
  shotOf(name, ({ owner }) => owner, address, reach);
}

/** Takes a picture as somebody sees it; nobody is signed in if there is nobody. */
export function shotOf(
  name: string,
  who: (world: World) => Person | undefined,
  address: (world: World) => string,
  reach: Reach = async () => {},
): void {
  test(name, async ({ tab, world }) => {
    const page = await tab(who(world));
    await page.goto(address(world));
    await settled(page);
    await quiet(page);
    await reach(page, world);
    await quiet(page);
    await picture(page, name, () => quiet(page));
  });
}

/** Reads of the frame, without which no page stands. */
const OF_THE_FRAME = /^\/v1\/(me|auth)(\/|$)|^\/v1\/projects$/;

/** Answers what a page reads, apart from what its frame needs. */
export async function answerReads(page: Page, answer: (route: Route) => Promise<void>): Promise<void> {
  await page.route("**/v1/**", (route) => {
    const { pathname } = new URL(route.request().url());
    return route.request().method() === "GET" && !OF_THE_FRAME.test(pathname) ? answer(route) : route.fallback();
  });
}

/** A problem as the API words one. */
export function problem(status: number, type: string, title: string, detail: string) {
  const request_id = "5a3f0e0e-0000-4000-8000-000000000000";
  const body = JSON.stringify({ type: `/problems/${type}`, title, status, detail, request_id });
  return { status, contentType: "application/problem+json", body };
}

export const inAccount = (rest: string) => (world: World) => `/console/a/${world.account}/settings/${rest}`;
export const inProject = (rest: string) => (world: World) => `/console/a/${world.account}/p/${world.project}/${rest}`;
export const atDesk = (rest: string) => (world: World) => `/console/a/${world.account}/p/${world.desk}/${rest}`;
export const inBare = (rest: string) => (world: World) =>
  `/console/a/${world.bare.account}/${rest.replace("p/", `p/${world.bare.project}/`)}`;
