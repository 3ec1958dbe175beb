import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { facts } from "../src/stack.ts";
import { settled } from "../src/test.ts";
import { THEMES } from "./album.ts";
import { expect, inProject, test } from "./stage.ts";
import { webpOf } from "./studio.ts";

const FOLDER = resolve(import.meta.dirname, "../../../infra/pictures");
const SIZE = { width: 1280, height: 680 };
/** Largest file, so that the README loads at once. */
const BYTES_MAX = 60_000;
const QUALITY = 0.78;

/** Takes a page in light and dark, as WebP, which the browser itself makes of what it shows. */
async function keep(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    const shown = await page.screenshot({ animations: "disabled" });
    const made = await webpOf(page, [shown], QUALITY);
    expect(made.length, `bytes of ${name}, ${colorScheme}`).toBeLessThanOrEqual(BYTES_MAX);
    writeFileSync(resolve(FOLDER, `${name}-${colorScheme}.webp`), made);
  }
}

test("requests", async ({ open, world }) => {
  const page = await open(world.owner);
  await page.setViewportSize(SIZE);
  await page.goto(inProject("requests")(world));
  await settled(page, "Access Requests");
  await keep(page, "requests");
});

test("simulator", async ({ open, world }) => {
  const page = await open();
  await page.setViewportSize(SIZE);
  await page.addInitScript(
    ([person, app]) => {
      localStorage.setItem("person", person ?? "");
      localStorage.setItem("app", app ?? "");
    },
    [world.hedy, world.connector],
  );
  await page.goto(facts.simulator_url);
  await expect(page.getByRole("log").getByText(/I am the demo agent/)).toBeVisible();
  await keep(page, "simulator");
});
