import type { Locator, Page } from "@playwright/test";
import { invite } from "./people.ts";
import { eventually, linksTo, mailsTo, newAddress } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";
import { pathOf } from "./watch.ts";

const STEPS = ["Queued", "Sent", "Delivered", "Opened account", "Accepted"];

/** The steps of an invitation, below the row of its person. */
function stepsOf(page: Page, email: string): Locator {
  return below(page, email).getByRole("list", { name: "What became of the invitation" }).getByRole("listitem");
}

/** The row below that of a person. */
function below(page: Page, email: string): Locator {
  return page.getByRole("row", { name: email }).first().locator("xpath=following-sibling::tr[1]");
}

test("An invitation is a row marked “Pending” with its timeline, and can be sent again, copied and revoked (U502, SPEC D15, D25)", async ({
  browse,
  team,
}) => {
  const email = newAddress("ana");
  await invite(team, email, { name: "Ana Silva" });
  const page = await browse(team.owner);
  await page.goto(`${settings(team.account, "users")}?q=${email}`);
  await settled(page, "User Management");
  const row = page.getByRole("row", { name: email }).first();
  await expect(row).toContainText("Pending");
  await expect(stepsOf(page, email)).toHaveText(STEPS.map((step) => new RegExp(`^${step}`)));
  await expect(stepsOf(page, email).nth(2)).not.toContainText("not yet");
  await expect(stepsOf(page, email).nth(3)).toContainText("not yet");
  const detail = below(page, email);
  await expect(detail).toContainText("Expires in 7 days");
  await expect(detail).toContainText("Invited by Ana Lopes on");

  await detail.getByRole("button", { name: "Resend" }).click();
  await expect(toast(page, `Invitation sent again to ${email}`)).toBeVisible();
  await expect(detail).toContainText("2 of 3 today left");
  const [first, second] = await eventually("the second mail", async () => {
    const links = await linksTo(email, "invitation");
    return links.length > 1 ? links : undefined;
  });
  expect(second).not.toBe(first);

  await detail.getByRole("button", { name: "Copy link" }).click();
  const ask = page.getByRole("alertdialog", { name: "Copy the invitation link of Ana Silva?" });
  await ask.getByRole("button", { name: "Copy link" }).click();
  const shown = page.getByRole("dialog", { name: "Invitation link of Ana Silva" });
  await expect(shown.getByText("Link copied")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("/console/invitation#");
  expect([first, second]).not.toContain(copied);
  await shown.getByRole("button", { name: "Done" }).click();

  await detail.getByRole("button", { name: "Revoke" }).click();
  const revoke = page.getByRole("alertdialog", { name: "Revoke the invitation of Ana Silva?" });
  await expect(revoke.getByRole("button", { name: "Cancel" })).toBeFocused();
  await revoke.getByRole("button", { name: "Revoke invitation" }).click();
  await expect(toast(page, `Invitation of ${email} revoked`)).toBeVisible();
  await expect(page.getByText("Nothing matches these filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page.getByRole("row", { name: team.owner.email })).toBeVisible();
});

test("An address that bounced shows so on its row, in the mail server's words, and gets no more until somebody says so (U502, SPEC D25)", async ({
  browse,
  team,
  watch,
}) => {
  const label = newAddress("b").split("@")[0];
  const email = `bounce+${label}@simulator.amazonses.com`;
  const { id } = await team.inviter.call("POST", "/v1/invitations", { email, role: "agent" });
  await eventually("the bounce", async () => {
    const { mail_status } = await team.inviter.call("GET", `/v1/invitations/${id}`);
    return mail_status === "bounced" ? true : undefined;
  });
  const page = await browse(team.owner);
  await page.goto(`${settings(team.account, "users")}?q=${encodeURIComponent(email)}`);
  await settled(page, "User Management");
  await expect(stepsOf(page, email).nth(2)).toHaveText(/^Bounced/);
  const detail = below(page, email);
  await expect(detail).toContainText("The mail came back.");
  await expect(detail).toContainText("550 5.1.1 user unknown");
  await expect(detail.getByRole("button", { name: "Resend" })).toHaveCount(0);
  await expect(detail.getByRole("button", { name: "Send mail again" })).toBeVisible();

  // In the form, too.
  watch.expects("409 POST /v1/invitations");
  await page.getByRole("button", { name: "+ New user" }).click();
  const form = page.getByRole("dialog", { name: "New user" });
  await form.getByLabel("User email address").fill(email);
  await form.getByLabel("Role", { exact: true }).selectOption("Agent");
  await form.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(form.getByRole("alert")).toContainText(/was invited on .* by Ana Lopes\.|No mail goes to this address/);
});

test("Somebody who is invited again is shown with the way to resend or to replace (U509, U503)", async ({
  browse,
  team,
  watch,
}) => {
  const email = newAddress("again");
  await invite(team, email, { name: "Ana Silva" });
  const page = await browse(team.owner);
  await page.goto(`${settings(team.account, "users")}?invite=true`);
  const form = page.getByRole("dialog", { name: "New user" });
  await form.getByLabel("User email address").fill(email);
  await form.getByLabel("Role", { exact: true }).selectOption("Agent");
  watch.expects("409 POST /v1/invitations");
  await form.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(form.getByRole("alert")).toContainText(/^Ana Silva was invited on \d+ \w+.* by Ana Lopes\./);
  await expect(form.getByRole("button", { name: "Resend" })).toBeVisible();
  await form.getByRole("button", { name: "Replace with this one" }).click();
  await expect(toast(page, `Invitation sent to ${email}`)).toBeVisible();
  await eventually("the mail of the second invitation", async () => (await mailsTo(email))[1]);
});

test("The full form asks for name, address, image, role and client access, and makes the same invitation (U504, U133, U134, SPEC D06, D07, D08, E02)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  await page.getByRole("link", { name: "Add User" }).click();
  await settled(page, "Add User");
  expect(pathOf(page)).toBe(settings(team.account, "users/new"));
  await page.getByLabel("Role", { exact: true }).selectOption("Choose a role");
  await page.getByRole("button", { name: "Add User" }).click();
  // The first of the missing fields has the focus; from three on, a summary leads to each.
  await expect(page.getByLabel("Full Name")).toBeFocused();
  await expect(page.getByLabel("Full Name")).toHaveAccessibleDescription(/Enter the person's name/);
  const summary = page.getByRole("alert").filter({ hasText: "3 fields need another look" });
  await summary.getByRole("button", { name: "Enter an email address such as ana@example.com" }).click();
  await expect(page.getByLabel("Email Address")).toBeFocused();

  // Drawn here: wider than high, and larger than what is kept.
  const drawn = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    canvas.width = 800;
    canvas.height = 600;
    canvas.getContext("2d")?.fillRect(0, 0, 400, 600);
    return canvas.toDataURL("image/png").split(",")[1] ?? "";
  });
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose image…" }).click();
  const picture = { name: "ana.png", mimeType: "image/png", buffer: Buffer.from(drawn, "base64") };
  await (await chooser).setFiles(picture);
  const crop = page.getByRole("dialog", { name: "Profile image" });
  await expect(crop.getByRole("img", { name: "Preview of the picture" })).toBeVisible();
  await crop.getByLabel("Move the square sideways").fill("0");
  await crop.getByRole("button", { name: "Use image" }).click();
  await expect(page.getByRole("button", { name: "Remove profile image" })).toBeVisible();

  const email = newAddress("full");
  await page.getByLabel("Full Name").fill("Ana Silva");
  await page.getByLabel("Email Address").fill(email);
  await page.getByLabel("Role", { exact: true }).selectOption("Agent");
  await page.getByRole("link", { name: "Users", exact: true }).first().click();
  const discard = page.getByRole("alertdialog", { name: "Discard changes?" });
  await expect(discard.getByRole("button", { name: "Discard" })).toBeVisible();
  await discard.getByRole("button", { name: "Keep editing" }).click();
  await expect(page.getByLabel("Full Name")).toHaveValue("Ana Silva");
  await expect(page.getByRole("group", { name: "Client access" })).toBeVisible();
  await page.getByRole("button", { name: "Add User" }).click();
  await expect(toast(page, `Invitation sent to ${email}`)).toBeVisible();
  await settled(page, "User Management");
  const row = page.getByRole("row", { name: email }).first();
  await expect(row).toContainText("Ana Silva");
  const edit = await row.getByRole("link", { name: "Edit Ana Silva" }).getAttribute("href");
  const stored = await team.inviter.send("GET", `/v1/members/${edit?.split("/").at(-1)}/image`);
  const file = Buffer.from(await stored.arrayBuffer());
  expect(file.length).toBeLessThanOrEqual(100 * 1024);
  const size = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const { width, height } = await createImageBitmap(new Blob([bytes]));
    return [width, height];
  }, file.toString("base64"));
  expect(size).toEqual([256, 256]);
});

test("What was typed into the short form goes along to the full one, which makes a link instead of a mail on demand (U503, U504, SPEC D32)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto(`${settings(team.account, "users")}?invite=true`);
  const form = page.getByRole("dialog", { name: "New user" });
  const method = form.getByRole("group", { name: "Select the login method" });
  await expect(method.getByRole("radio", { name: "Email & password" })).toBeChecked();
  await expect(form.getByRole("link", { name: "Set up more in Login methods" })).toBeVisible();
  const email = newAddress("short");
  await form.getByLabel("User email address").fill(email);
  await form.getByLabel("Role", { exact: true }).selectOption("Agent");
  await form.getByRole("button", { name: "Add client access, limits and team" }).click();
  await settled(page, "Add User");
  await expect(page.getByLabel("Email Address")).toHaveValue(email);
  const role = page.getByLabel("Role", { exact: true });
  await expect(role).toHaveValue("agent");
  await expect(role.getByRole("option").filter({ hasText: /^(Agent|Super Admin)$/ })).toHaveCount(2);
  await page.getByLabel("Full Name").fill("Ana Silva");
  await page.getByRole("checkbox", { name: "Send the invitation by email" }).uncheck();
  await page.getByRole("button", { name: "Add User" }).click();
  const link = page.getByRole("dialog", { name: "Invitation link of Ana Silva" });
  await expect(link).toContainText("/console/invitation#");
  await expect(toast(page, "Invitation sent")).toHaveCount(0);
  await link.getByRole("button", { name: "Done" }).click();
  await settled(page, "User Management");
  await expect(page.getByRole("row", { name: email }).first()).toContainText("Pending");
  await expect(stepsOf(page, email).first()).toHaveText(/^Link made/);
});
