import { expect, it } from "vitest";
import { CodeMissing, loadCode, mayReload } from "./code";

it("loads the page again once a minute, lest it never ends", () => {
  const now = Date.parse("2026-11-29T14:00:00Z");
  expect(mayReload(null, now)).toBe(true);
  expect(mayReload(String(now - 1_000), now)).toBe(false);
  expect(mayReload(String(now - 59_999), now)).toBe(false);
  expect(mayReload(String(now - 60_000), now)).toBe(true);
  expect(mayReload("nonsense", now)).toBe(true);
});

it("says that code is missing, whichever file did not come", async () => {
  for (const message of [
    "Failed to fetch dynamically imported module: /console/assets/audit-page-1a2b.js",
    "Unable to preload CSS for /console/assets/audit-page-1a2b.css",
    "Importing a module script failed.",
  ]) {
    const missing = loadCode(() => Promise.reject(new Error(message)));
    await expect(missing).rejects.toThrow(CodeMissing);
    // The router would load the page again at once, and only for scripts.
    await expect(missing).rejects.not.toThrow(message);
  }
  expect(await loadCode(() => Promise.resolve({ page: 1 }))).toEqual({ page: 1 });
});
