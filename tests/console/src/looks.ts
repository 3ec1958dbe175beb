import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import type axe from "axe-core";
import { JUDGED } from "./judged-routes.ts";
import { routeOf } from "./routes.ts";
import { local } from "./stack.ts";
import { expect, PHONE, test, WIDE } from "./test.ts";

/** A page at 400 % zoom on a screen of 1280 px. */
const NARROWEST = 320;
const SCREENSHOTS = resolve(local, "screenshots");
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Makes a page ready for `judge`. The policy lets no page load the checker, so the browser does before each. */
export async function equip(page: Page): Promise<void> {
  await page.addInitScript({ path: AXE });
}

/** Checks a page as it stands, in light and dark, on a wide screen and a phone, and takes a picture of each. */
export async function judge(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const route = routeOf(new URL(page.url()).pathname);
  if (route) test.info().annotations.push({ type: JUDGED, description: route });
  for (const [device, size, target] of [
    ["1280", WIDE, 24],
    ["390", PHONE, 44],
  ] as const) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect.soft(await violations(page), `axe: ${name}, ${device} px, ${colorScheme}`).toEqual([]);
      await page.screenshot({ path: resolve(SCREENSHOTS, `${name}-${device}-${colorScheme}.png`), fullPage: true });
    }
    await expectNoOverflow(page, `${name}, ${device} px`);
    expect.soft(await smallTargets(page, target), `targets: ${name}, ${device} px`).toEqual([]);
  }
  await page.setViewportSize({ width: NARROWEST, height: 640 });
  await expectNoOverflow(page, `${name}, ${NARROWEST} px`);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Rules of WCAG for a mail, which has no landmarks. */
const OF_MAILS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Each violation with the elements that have it; of all rules, or of these tags. */
function violations(page: Page, tags?: string[]): Promise<string[]> {
  return page.evaluate(async (wanted) => {
    // Rows out of sight have a size that is only guessed, and so would their targets.
    for (const row of document.querySelectorAll<HTMLElement>("li, tr, article"))
      row.style.contentVisibility = "visible";
    // Colours are on their way while a transition runs.
    await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})));
    const { violations: found } = await window.axe.run(document, {
      resultTypes: ["violations"],
      // A rule of WCAG 2.2, which axe leaves out unless it is asked.
      rules: { "target-size": { enabled: true } },
      ...(wanted && { runOnly: wanted }),
    });
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  }, tags);
}

/** Menus follow a new size of the window a moment later. */
async function expectNoOverflow(page: Page, name: string): Promise<void> {
  await expect.poll(() => overflow(page), { message: `sideways scrolling: ${name}` }).toEqual([]);
}

/** The elements that make the page wider than the window, if it is. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll("body *")].filter(
      (part) => part.getBoundingClientRect().right > width + 1,
    );
    return wide.map(({ outerHTML }) => outerHTML.slice(0, 120));
  });
}

/** Targets that are smaller than this in any direction; links within a text may be. */
function smallTargets(page: Page, least: number): Promise<string[]> {
  return page.evaluate((wanted) => {
    const controls = "a[href], button, select, textarea, summary, input, [role=menuitem]";
    return [...document.querySelectorAll<HTMLElement>(controls)].flatMap((control) => {
      const style = getComputedStyle(control);
      const isInText = control.matches("a") && style.display === "inline";
      const isForReaders = control.offsetWidth <= 1 || control.style.width === "1px";
      const isSeen = control.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
      if (isInText || isForReaders || !isSeen || control.closest("[inert], [aria-hidden='true']")) return [];
      // The way past the navigation is seen by who uses the keyboard, and comes from above with the focus.
      if (control.matches("[href='#content']")) return [];
      // A label is a part of the target.
      const labels = "labels" in control ? [...((control.labels as NodeListOf<HTMLElement> | null) ?? [])] : [];
      const boxes = [control, ...labels].map((part) => part.getBoundingClientRect());
      const width = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
      const height = Math.max(...boxes.map((box) => box.height));
      // Half a pixel is rounded away.
      if (Math.min(width, height) >= wanted - 0.5) return [];
      return `${Math.round(width)} × ${Math.round(height)}: ${control.outerHTML.slice(0, 160)}`;
    });
  }, least);
}

/** Takes pictures of a mail as a phone and a computer show it, in light and dark. */
export async function pictureMail(page: Page, name: string, html: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.setContent(html);
  for (const width of [390, 800]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page, OF_MAILS), `axe: ${name}, ${width} px, ${colorScheme}`).toEqual([]);
      await page.screenshot({ path: resolve(SCREENSHOTS, `mail-${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
    await expectNoOverflow(page, `${name}, ${width} px`);
  }
}
