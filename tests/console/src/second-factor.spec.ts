import { found, join } from "./people.ts";
import { Caller, linkTo, PASSWORD } from "./stack.ts";
import { beginSecondFactor, expect, settings, settled, signIn, test, toast } from "./test.ts";
import { codeOf } from "./totp.ts";
import { pathOf } from "./watch.ts";

const NEXT = "eleven brown owls by the pond";

test("A second factor is set up by an app's code, asked for at the next sign-in, and a recovery code stands in for it (U514, U701, U138, SPEC D28, D31)", async ({
  browse,
  team,
  watch,
}) => {
  const person = await join(team, { name: "Grace Hopper" });
  const page = await browse(person);
  await page.goto("/console/profile?tab=security");
  await expect(page.getByText("No provider is connected to your login.")).toBeVisible();
  await settled(page, "Profile");
  const dialog = await beginSecondFactor(page, PASSWORD);
  const secret = await dialog.locator("code").innerText();
  await dialog.getByRole("textbox", { name: "Code" }).fill("12345");
  await dialog.getByRole("button", { name: "Turn on" }).click();
  await expect(dialog.getByText("Enter the six digits of the code")).toBeVisible();
  // The step before still counts, which leaves those that follow for the sign-ins below.
  await dialog.getByRole("textbox", { name: "Code" }).fill(codeOf(secret, -1));
  await dialog.getByRole("button", { name: "Turn on" }).click();

  const codes = page.getByRole("dialog", { name: "Recovery codes" });
  await expect(codes.getByRole("listitem")).toHaveCount(10);
  const [recovery = ""] = await codes.getByRole("listitem").allInnerTexts();
  // They are shown this once, so nothing but the button closes them.
  await page.keyboard.press("Escape");
  await codes.getByRole("button", { name: "I have stored them" }).click();
  await expect(codes).toBeHidden();
  await expect(toast(page, "Your second factor is on")).toBeVisible();

  const other = await browse();
  await other.goto("/console/sign-in");
  await signIn(other, person.email, PASSWORD);
  await expect(other.getByRole("heading", { name: "Second factor" })).toBeVisible();
  await other.getByRole("button", { name: "Back to email and password" }).click();
  await expect(other.getByLabel("Email", { exact: true })).toBeFocused();
  await signIn(other, person.email, PASSWORD);
  watch.expects("401 POST /v1/auth/factor");
  await other.getByLabel("Code").fill("000000");
  await other.getByRole("button", { name: "Continue" }).click();
  await expect(other.getByText("The code is not right. Each code works once: wait for the next one.")).toBeVisible();
  await other.getByLabel("Code").fill(codeOf(secret));
  await other.getByRole("button", { name: "Continue" }).click();
  await settled(other, "Teams");
  expect(pathOf(other)).toBe(settings(team.account, "teams"));

  const third = await browse();
  await third.goto("/console/sign-in");
  await signIn(third, person.email, PASSWORD);
  await third.getByRole("button", { name: "Use a recovery code" }).click();
  await third.getByLabel("Recovery code").fill(recovery);
  await third.getByRole("button", { name: "Continue" }).click();
  await settled(third, "Teams");
});

test("A reset of the password asks for the second factor, which is removed with a code (U514, U703, SPEC D28, D31)", async ({
  browse,
  team,
}) => {
  const person = await join(team, { name: "Dorothy Vaughan" });
  const page = await browse(person);
  await page.goto("/console/profile?tab=security");
  await settled(page, "Profile");
  const dialog = await beginSecondFactor(page, PASSWORD);
  const secret = await dialog.locator("code").innerText();
  await dialog.getByRole("textbox", { name: "Code" }).fill(codeOf(secret));
  await dialog.getByRole("button", { name: "Turn on" }).click();
  const codes = page.getByRole("dialog", { name: "Recovery codes" });
  await expect(codes.getByRole("listitem")).toHaveCount(10);
  const [recovery = ""] = await codes.getByRole("listitem").allInnerTexts();
  await codes.getByRole("button", { name: "I have stored them" }).click();

  // A reset ends all sessions, so nothing goes on in this one.
  await page.close();
  await Caller.nobody().call("POST", "/v1/auth/reset", { email: person.email });
  const last = await browse();
  await last.goto(await linkTo(person.email, "reset"));
  await settled(last, "Choose a new password");
  await expect(last.getByText("After this, your second factor is asked for.")).toBeVisible();
  await last.getByLabel("New password").fill(NEXT);
  await last.getByRole("button", { name: "Set password" }).click();
  await settled(last, "One step is left");
  await expect(last.getByText("The new password is set, and all other sessions have ended.")).toBeVisible();
  await last.getByRole("button", { name: "Use a recovery code" }).click();
  await last.getByLabel("Recovery code").fill(recovery);
  await last.getByRole("button", { name: "Continue" }).click();
  await settled(last, "Your new password is set");
  await expect(last.getByText(/^You are signed in here\. All other sessions have ended/)).toBeVisible();

  await last.goto("/console/profile?tab=security");
  await last.getByRole("button", { name: "Remove", exact: true }).click();
  const remove = last.getByRole("alertdialog", { name: "Remove second factor?" });
  await expect(remove.getByRole("button", { name: "Cancel" })).toBeFocused();
  await remove.getByLabel("Code").fill(codeOf(secret, 1));
  await remove.getByRole("button", { name: "Remove second factor" }).click();
  await expect(toast(last, "Your second factor is removed")).toBeVisible();
});

test("An account that requires a second factor lets nobody in before it is set up (U515, U105, SPEC D28)", async ({
  browse,
  team,
  watch,
}) => {
  // The owner's page asks for it once the browser is idle, which may be after the account requires a factor.
  watch.allows("403 GET /v1/me/availability");
  const strict = await found(team.owner, "Hooli");
  const person = await join(strict, { name: "Mary Jackson" });
  const page = await browse(strict.owner);
  await page.goto(settings(strict.account, "account"));
  await settled(page, "Account");
  await page.getByRole("switch", { name: "Require a second factor" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  const confirm = page.getByRole("alertdialog", { name: "Change how everybody signs in?" });
  await expect(confirm.getByRole("button", { name: "Cancel" })).toBeFocused();
  await confirm.getByRole("button", { name: "Change it" }).click();
  await expect(page.getByRole("heading", { name: "This account requires a second factor" })).toBeVisible();

  const member = await browse(person);
  await member.goto(settings(strict.account));
  await expect(member.getByRole("heading", { level: 1 })).toHaveText("This account requires a second factor");
  await member.getByRole("link", { name: "Set up second factor" }).click();
  await settled(member, "Profile");
});
