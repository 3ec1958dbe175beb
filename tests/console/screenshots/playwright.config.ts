import { resolve } from "node:path";
import { defineConfig } from "@playwright/test";
import shared from "../playwright.config.ts";
import { local } from "../src/stack.ts";

/** Pictures of every page in every state. They are for eyes, so no part of the browser tests. */
export default defineConfig({
  ...shared,
  testDir: ".",
  testMatch: "**/*.shots.ts",
  outputDir: resolve(local, "screenshots", "failures"),
  // All pictures show the same account.
  fullyParallel: false,
  workers: 1,
  reporter: [["list"], ["./report.ts"]],
  timeout: 40_000,
  expect: { timeout: 12_000 },
  use: { ...shared.use, trace: "off", screenshot: "off" },
});
