import { defineConfig } from "@playwright/test";
import pictures from "./playwright.config.ts";

/** The few pictures of the README, which are committed. */
export default defineConfig({ ...pictures, testMatch: "readme.ts", reporter: [["list"]] });
