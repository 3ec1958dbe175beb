import { facts, linkIn, mailTo, PASSWORD } from "./stack.ts";
import { expect, settings, settled, test } from "./test.ts";
import { pathOf } from "./watch.ts";

/** CONSOLE U702, U112, U110, U501, U503, U504, U105, U701. SPEC D15, D16, D17: the whole way, as a person goes it, at the first start of a stack. */
test("the first admin comes in by the mailed link, and invites somebody who comes in as well (U702, U112, U105, SPEC D15, D16)", async ({
  browse,
}) => {
  const mailed = linkIn(await mailTo(facts.admin_email), "invitation");
  expect(mailed).toBe(facts.first_admin_link);

  const page = await browse();
  await page.goto(mailed);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vestibule invites you to Acme as Super admin");
  expect(pathOf(page)).toBe("/console/invitation");
  await expect(page.getByLabel("Email", { exact: true })).toHaveValue(facts.admin_email);
  await expect(page.getByLabel("Email", { exact: true })).toHaveAttribute("readonly");
  await page.getByLabel("Your name").fill("Admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Join Acme" }).click();
  await settled(page, "User Management");
  expect(pathOf(page)).toBe(settings(facts.account_id, "users"));
  await expect(page.getByRole("row", { name: facts.admin_email })).toContainText("Active");
});
