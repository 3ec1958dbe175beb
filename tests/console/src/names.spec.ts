import { join } from "./people.ts";
import { newAddress } from "./stack.ts";
import { expect, PHONE, settings, settled, test } from "./test.ts";

const MARKUP = `<img src=x onerror=alert(1)><b>Bo</b>&lt;i&gt;"'`;
const NAMES = [
  ["Arabic", "ليلى عبد الرحمن"],
  ["Chinese", "司馬光與歐陽修"],
  ["emoji", "👩‍💻 Ada 🇬🇧 Lovelace 🏴‍☠️"],
  ["markup", MARKUP],
  ["100 characters without a blank", "W".repeat(100)],
] as const;

test("Strange names are shown as text, isolated, without sideways scrolling, wherever they stand (U141, U151)", async ({
  browse,
  team,
}) => {
  test.slow();
  for (const [, name] of NAMES) {
    await team.inviter.call("POST", "/v1/invitations", { email: newAddress("name"), name, role: "agent" });
  }
  const { key } = await team.inviter.call("POST", "/v1/roles", {
    name: `${MARKUP} ${Date.now()}`,
    description: "١".repeat(200),
    permissions: ["access_requests.read"],
  });
  await team.inviter.call("POST", "/v1/clients", { name: `客戶 ${MARKUP} ${Date.now()}` });
  const page = await browse(team.owner);
  for (const section of ["users", `users?role=${key}`, "roles", "clients", "audit"]) {
    await page.goto(settings(team.account, section));
    await settled(page);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    // Markup stays text: no element of it is there.
    await expect(page.locator("img[src=x], main b, main i:not([class])")).toHaveCount(0);
    for (const width of [1280, PHONE.width, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth),
        `${section} at ${width}`,
      ).toBeLessThanOrEqual(width);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  await page.goto(settings(team.account, "users"));
  for (const [kind, name] of NAMES) {
    const shown = page.getByRole("link", { name, exact: true }).locator("bdi");
    await expect(shown, kind).toHaveText(name);
  }
  // One's own page and menu, too.
  const person = await join(team);
  const own = await browse(person, { viewport: PHONE });
  for (const [kind, name] of NAMES) {
    await person.api.call("PATCH", "/v1/me", { name });
    await own.goto("/console/profile");
    await settled(own, "Profile");
    await expect(own.getByLabel("Name", { exact: true }), kind).toHaveValue(name);
    expect(await own.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  }
});
