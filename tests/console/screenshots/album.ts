import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
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

/** Tallest picture. Lists go on below it. */
const TALLEST = 3_800;

/**
 * Takes a page as it stands in all four forms. The name is that of the page and its state: `requests--empty`.
 * `ready` waits for what a window of another size shows or reads.
 */
export async function picture(page: Page, name: string, ready: () => Promise<void> = async () => {}): Promise<void> {
  for (const folder of [ALBUM, SHEETS]) mkdirSync(folder, { recursive: true });
  const address = new URL(page.url());
  const taken: Buffer[] = [];
  for (const { form, size } of FORMS) {
    await page.setViewportSize(size);
    // A window as tall as the page shows what a person scrolls to, with the bars where they belong.
    await page.setViewportSize({ width: size.width, height: await page.evaluate(heightOf, [size.height, TALLEST]) });
    await ready();
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

/** The height of the window that shows the whole page, or what a person sees of it below a dialog. */
function heightOf([least = 0, most = 0]: number[]): number {
  if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu]")) return least;
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
