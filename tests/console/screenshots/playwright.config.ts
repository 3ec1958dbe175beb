import { resolve } from "node:path";
import { defineConfig } from "@playwright/test";
import shared from "../playwright.config.ts";
import { FOLDER } from "./folder.ts";

/** Pictures of every page in every state. They are for eyes, so no part of the browser tests. */
export default defineConfig({
  ...shared,
  testDir: ".",
  testMatch: "**/*.shots.ts",
  outputDir: resolve(FOLDER, "failures"),
  globalSetup: "./set-up.ts",
  // All pictures show the same account, and no scene needs that another has not been.
  fullyParallel: true,
  workers: 2,
  // A run is long, and a function that is started late costs no scene.
  retries: 1,
  reporter: [["list"], ["./report.ts"]],
  // An import is checked twice before it is done.
  timeout: 90_000,
  expect: { timeout: 12_000 },
  use: { ...shared.use, actionTimeout: 12_000, navigationTimeout: 20_000, trace: "off", screenshot: "off" },
});
