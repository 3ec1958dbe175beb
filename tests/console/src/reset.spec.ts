import { join, signInAgain } from "./people.ts";
import { linksTo, linkTo, newAddress, PASSWORD } from "./stack.ts";
import { expect, settled, signIn, test } from "./test.ts";
import { pathOf } from "./watch.ts";

const NEXT = "eleven brown owls by the pond";

test("A password is reset by a mail, and an address that nobody has gets the same answer and none; afterwards the person is signed in, and every other session has ended (U703, SPEC D28)", async ({
  browse,
  team,
  watch,
}) => {
  const person = await join(team, { name: "Grace Hopper" });
  const elsewhere = await signInAgain(person);
  const page = await browse();
  await page.goto("/console/sign-in");
  await page.getByRole("link", { name: "Forgot password?" }).click();
  await settled(page, "Reset password");
  await page.getByLabel("Email").fill(person.email);
  await page.getByRole("button", { name: "Send link" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check your mail");
  const answer = (email: string) =>
    `If ${email} has a login, a mail with a link is on its way. The link works once, within 30 minutes.`;
  await expect(page.getByText(answer(person.email))).toBeVisible();
  await page.getByRole("button", { name: "Use another address" }).click();
  const nobody = newAddress("nobody");
  await page.getByLabel("Email").fill(nobody);
  await page.getByRole("button", { name: "Send link" }).click();
  await expect(page.getByText(answer(nobody))).toBeVisible();

  const link = await linkTo(person.email, "reset");
  await page.goto(link);
  await settled(page, "Choose a new password");
  expect(pathOf(page)).toBe("/console/reset");
  await page.getByLabel("New password").fill("password");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("Use at least 15 characters, such as several words")).toBeVisible();
  await expect(page.getByText("At least 15 characters (8 so far)")).toBeVisible();
  await expect(page.getByLabel("New password")).toBeFocused();
  await page.getByLabel("New password").fill(NEXT);
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your new password is set");
  await expect(page.getByText(/You are signed in here\. All other sessions have ended/)).toBeVisible();
  await page.getByRole("button", { name: "Continue" }).click();
  await settled(page, "Teams");
  for (const { api } of [person, elsewhere]) {
    expect((await api.send("GET", "/v1/me")).status).toBe(401);
  }
  expect(await linksTo(nobody, "reset")).toEqual([]);

  // The link is spent, and the password from before counts no longer.
  const later = await browse();
  watch.expects("410 POST /v1/auth/reset/inspect", "401 POST /v1/auth/sign-in");
  await later.goto(link);
  await expect(later.getByRole("heading", { level: 1 })).toHaveText("This link is not valid");
  await later.goto("/console/sign-in");
  await signIn(later, person.email, PASSWORD);
  await expect(later.getByText("Email or password is wrong")).toBeVisible();
});
