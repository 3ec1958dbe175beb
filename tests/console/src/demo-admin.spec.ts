import { facts, SESSION } from "./stack.ts";
import { expect, settled, test } from "./test.ts";
import { pathOf } from "./watch.ts";

test("The printed link opens the console, signed in as the demo admin, and another secret opens nothing", async ({
  browse,
  watch,
}) => {
  watch.allow(facts.demo_link);
  const page = await browse();
  const refused = await page.request.get(`${new URL(facts.demo_link).origin}/not-the-secret`);
  expect(refused.status()).toBe(404);
  expect(await page.context().cookies()).toEqual([]);
  await page.goto(facts.demo_link);
  await settled(page, "Access Requests");
  expect(pathOf(page)).toMatch(new RegExp(`^/console/a/${facts.account_id}/p/[^/]+/requests$`));
  await expect(page.getByRole("button", { name: `${facts.demo_name}, your menu` })).toBeVisible();
  const session = (await page.context().cookies()).find(({ name }) => name === SESSION);
  expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax" });
  const me = await page.request.get("/v1/me", { headers: { "vestibule-account": facts.account_id } });
  expect((await me.json()).accounts).toMatchObject([{ id: facts.account_id, role: { key: "super_admin" } }]);
});

test("The page of the chat simulator links to the console", async ({ browse, watch }) => {
  watch.allow(facts.simulator_url);
  const page = await browse();
  await page.goto(facts.simulator_url);
  const opened = page.waitForEvent("popup");
  await page.getByRole("link", { name: "Console" }).click();
  const console = await opened;
  await expect(console.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  expect(new URL(console.url()).origin).toBe(new URL(facts.api_url).origin);
});
