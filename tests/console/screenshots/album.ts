import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, type Page } from "@playwright/test";
import { PHONE, WIDE } from "../src/test.ts";
import { ALBUM, SHEETS } from "./folder.ts";
import { webpOf } from "./studio.ts";

/** The four forms of a picture: a computer and a phone, each light and dark. */
const FORMS = [
  { form: "desktop", size: WIDE },
  { form: "phone", size: PHONE },
] as const;
export const THEMES = ["light", "dark"] as const;

/** Parts of a page that stand still while nobody looks: a picture must not catch them half way. */
const STILL =
  "*, *::before, *::after { transition: none !important; animation: none !important; caret-color: transparent !important; }";

/** Layers above a page. */
const LAYERS = "[role=dialog], [role=alertdialog], [role=menu]";

/** Tallest picture. Lists go on below it. */
const TALLEST = 3_800;

/** How often a page is measured at most: rows and images that come into view in a taller window make it longer still. */
const TURNS = 4;

/**
 * Takes a page as it stands in all four forms. The name is that of the page and its state: `requests--empty`.
 * `ready` waits for what a window of another size shows or reads. A dialog or menu that is open has to stay so in each.
 */
export async function picture(page: Page, name: string, ready: () => Promise<void> = async () => {}): Promise<void> {
  for (const folder of [ALBUM, SHEETS]) mkdirSync(folder, { recursive: true });
  const address = new URL(page.url());
  const layers = page.locator(LAYERS);
  const isCovered = (await layers.count()) > 0;
  const taken: Buffer[] = [];
  for (const { form, size } of FORMS) {
    await page.setViewportSize(size);
    await ready();
    await unfold(page, size, ready);
    if (isCovered) await expect(layers.first()).toBeVisible();
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(stillness);
      const path = resolve(ALBUM, `${name}--${form}--${colorScheme}.png`);
      taken.push(await page.screenshot({ path, style: STILL }));
    }
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
  writeFileSync(resolve(SHEETS, `${name}.webp`), await webpOf(page, taken));
  writeFileSync(resolve(ALBUM, `${name}.json`), JSON.stringify({ path: address.pathname }));
}

/** Makes the window as tall as the page, which shows what a person scrolls to, with the bars where they belong. */
async function unfold(page: Page, { width, height }: typeof WIDE, ready: () => Promise<void>) {
  let tall = height;
  for (let turn = 0; turn < TURNS; turn++) {
    await page.evaluate(stillness);
    const found = await page.evaluate(heightOf, { layers: LAYERS, least: tall, most: TALLEST });
    if (turn > 0 && found === tall) return;
    tall = found;
    await page.setViewportSize({ width, height: tall });
    await ready();
  }
}

/** The height of the window that shows the whole page, or what a person sees of it below a dialog. */
function heightOf({ layers, least, most }: { layers: string; least: number; most: number }): number {
  if (document.querySelector(layers)) return least;
  return Math.min(Math.max(least, document.documentElement.scrollHeight), most);
}

/** Waits until the page is drawn in its new form, with its images. */
async function stillness(): Promise<void> {
  let seen: HTMLImageElement[];
  do {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    seen = [...document.images];
    await Promise.all(seen.map((image) => image.decode().catch(() => {})));
    // Others may have come meanwhile.
  } while ([...document.images].some((image) => !seen.includes(image)));
}
