import { resolve } from "node:path";
import { defineConfig } from "@playwright/test";
import { findChromium } from "./src/chromium.ts";
import { local } from "./src/stack.ts";

const { executablePath, env } = await findChromium();

export default defineConfig({
  testDir: "src",
  testMatch: "**/*.spec.ts",
  outputDir: resolve(local, "console-tests"),
  // The tests share one stack, so each makes its own people.
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env.VESTIBULE_FRESH),
  // The first call of a function starts it, and a test has several people.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["./src/judged-routes.ts"]],
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath,
      env,
      args: ["--no-sandbox", "--force-prefers-reduced-motion", "--disable-gpu", "--disable-gpu-rasterization"],
    },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
  },
});
