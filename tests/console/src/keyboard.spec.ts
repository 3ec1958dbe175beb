import type { Locator } from "@playwright/test";
import { newAddress, PASSWORD } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";

/** Presses Tab until this has the focus, as somebody does who goes through the page. */
async function tabTo(wanted: Locator): Promise<void> {
  const page = wanted.page();
  await expect(async () => {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
    await expect(wanted).toBeFocused({ timeout: 1 });
  }).toPass({ timeout: 15_000, intervals: [0] });
  // The focus is seen.
  expect(await wanted.evaluate((element) => getComputedStyle(element).outlineStyle)).not.toBe("none");
}

test("Signing in and inviting need no mouse: focus is seen everywhere, goes to the heading of a new page, into a dialog, and back (U151, U152, U153, U150)", async ({
  browse,
  team,
}) => {
  const person = team.deputy;
  const page = await browse();
  await page.goto("/console/sign-in");
  await settled(page, "Sign in");
  await tabTo(page.getByLabel("Email", { exact: true }));
  await page.keyboard.type(person.email);
  await tabTo(page.getByLabel("Password", { exact: true }));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  // The start page is that of a project, if another test made one.
  await settled(page, /User Management|Access Requests/);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();

  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  await tabTo(page.getByRole("button", { name: "+ New user" }));
  await page.keyboard.press("Enter");
  const form = page.getByRole("dialog", { name: "New user" });
  await expect(form).toBeVisible();
  await expect.poll(() => form.evaluate((dialog) => dialog.contains(document.activeElement))).toBe(true);
  const email = newAddress("keyboard");
  await tabTo(form.getByLabel("User email address"));
  await page.keyboard.type(email);
  await page.keyboard.press("Escape");
  const discard = page.getByRole("alertdialog", { name: "Discard changes?" });
  await expect(discard.getByRole("button", { name: "Keep editing" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(discard).toBeHidden();
  await tabTo(form.getByLabel("Role", { exact: true }));
  await page.keyboard.type("Agent");
  await page.keyboard.press("Control+Enter");
  await expect(toast(page, `Invitation sent to ${email}`)).toBeVisible();
  await expect(form).toBeHidden();
  await expect(page.getByRole("button", { name: "+ New user" })).toBeFocused();

  await page.keyboard.press("F6");
  await expect(page.getByRole("region", { name: "Notifications" })).toBeFocused();
  await page.keyboard.press("F6");
  await expect(page.getByRole("button", { name: "+ New user" })).toBeFocused();
});

test("Keys lead to the search, to the users and to their own list, and not while typing (U150, U104)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "roles"));
  await settled(page, "Roles");
  await page.keyboard.press("?");
  const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(list).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await settled(page, "User Management");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await page.keyboard.press("/");
  const search = page.getByLabel("Search by name or email");
  await expect(search).toBeFocused();
  await page.keyboard.type("gu?");
  await expect(search).toHaveValue("gu?");
  await expect(list).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(search).toHaveValue("");
  await expect(search).toBeFocused();
});

test("The first stop of a page leads past the navigation, and every page has landmarks and one heading (U153)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  await expect(page.getByRole("table").locator("caption")).toHaveText("Users of this account");
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Settings" })).toBeVisible();
});

test("With forced colours the focus, the edges of buttons and the current section are seen, and nothing moves for who wants less motion (U151)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner, { forcedColors: "active" });
  await page.goto(settings(team.account, "roles"));
  await settled(page, "Roles");
  const sections = page.getByRole("navigation", { name: "Settings" });
  const background = (name: string) =>
    sections.getByRole("link", { name }).evaluate((link) => getComputedStyle(link).backgroundColor);
  expect(await background("Roles")).not.toBe(await background("Teams"));
  const button = page.getByRole("main").getByRole("button").first();
  await expect(button).toHaveCSS("border-top-style", "solid");
  await expect(button).toHaveCSS("border-top-width", "1px");
  await tabTo(button);
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((part) => {
        const { transitionDuration, animationDuration } = getComputedStyle(part);
        return Math.max(...`${transitionDuration},${animationDuration}`.split(",").map(Number.parseFloat)) > 0.001;
      }).length,
  );
  expect(moving).toBe(0);
});
