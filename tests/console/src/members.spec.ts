import type { Locator } from "@playwright/test";
import { found, join } from "./people.ts";
import { newAddress } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";

test("Two admins who change one member at once see both values, and choose (U132, U131, U508)", async ({
  browse,
  team,
  watch,
}) => {
  // Somebody who has not accepted yet is a member like others.
  const { member } = await team.inviter.call("POST", "/v1/invitations", {
    email: newAddress("hopper"),
    name: "Grace Hopper",
    role: "agent",
  });
  const { id } = member;
  const address = `${settings(team.account, "users")}/${id}`;
  const [mine, theirs] = [await browse(team.owner), await browse(team.deputy)];
  for (const page of [mine, theirs]) {
    await page.goto(address);
    await settled(page, "Grace Hopper");
  }
  await mine.getByLabel("Full Name").fill("Grace Brewster Hopper");
  await theirs.getByLabel("Full Name").fill("Grace M. Hopper");
  await theirs.getByRole("button", { name: "Save changes" }).click();
  await expect(toast(theirs, "Grace M. Hopper was changed")).toBeVisible();

  watch.expects(`412 PATCH /v1/members/${id}`, `412 PATCH /v1/members/${id}`);
  await mine.getByRole("button", { name: "Save changes" }).click();
  const conflict = mine.getByRole("dialog", { name: "Bo Diaz changed this while you were editing." });
  await expect(conflict.getByRole("row", { name: /^Full Name/ })).toHaveText(
    /Full Name.*Grace Brewster Hopper.*Grace M\. Hopper/,
  );
  await conflict.getByRole("button", { name: "Take theirs" }).click();
  await expect(mine.getByLabel("Full Name")).toHaveValue("Grace M. Hopper");

  await theirs.getByLabel("Full Name").fill("Rear Admiral Hopper");
  await theirs.getByRole("button", { name: "Save changes" }).click();
  await expect(toast(theirs, "Rear Admiral Hopper was changed")).toBeVisible();
  await mine.getByLabel("Full Name").fill("Grace Hopper");
  await mine.getByRole("button", { name: "Save changes" }).click();
  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await expect(conflict).toBeHidden();
  const kept = await team.inviter.call("GET", `/v1/members/${id}`);
  expect(kept.name).toBe("Grace Hopper");
});

test("A member's role and extra permissions are changed; suspending, reinstating and removing say what they do (U508, U501, U137, U130, SPEC D13, D14, D26)", async ({
  browse,
  team,
}) => {
  const person = await join(team, { name: "Ida Rhodes", extra_permissions: ["members.read", "members.manage"] });
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  await page.getByRole("link", { name: "Edit Ida Rhodes" }).click();
  await settled(page, "Ida Rhodes");
  await expect(page.getByText(/^Holds \d+ of \d+ permissions\.$/)).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "View the audit log" })).toHaveAccessibleDescription(/audit log/);
  await page.getByRole("checkbox", { name: "View the audit log" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(toast(page, "Ida Rhodes was changed")).toBeVisible();
  const member = await browse(person);
  await member.goto(settings(team.account, "audit"));
  await settled(member, "Audit log");
  // Who manages the team gives nothing that they do not hold.
  const colleague = await team.agent.api.call("GET", "/v1/me");
  await member.goto(`${settings(team.account, "users")}/${colleague.account.member_id}`);
  await settled(member, "Grace Hopper");
  await member.getByRole("group").getByText("Extra permissions").click();
  const roles = member.getByRole("checkbox", { name: "Manage roles" });
  await expect(roles).toBeDisabled();
  await expect(roles).toHaveAccessibleDescription(/You do not hold this permission, so you cannot give it\.$/);

  await page.getByRole("button", { name: "Suspend" }).click();
  await page.getByRole("alertdialog", { name: "Suspend Ida Rhodes?" }).getByRole("button", { name: "Suspend" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Suspended");
  expect((await person.api.send("GET", "/v1/audit")).status).toBe(403);
  await page.getByRole("button", { name: "Reinstate" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Active");

  await page.getByRole("link", { name: "Users", exact: true }).first().click();
  await page.getByRole("button", { name: "Remove Ida Rhodes" }).click();
  const remove = page.getByRole("alertdialog", { name: "Remove Ida Rhodes?" });
  await expect(
    remove.getByText("Ida Rhodes loses access at once. They can be invited again at any time."),
  ).toBeVisible();
  await expect(remove.getByRole("button", { name: "Cancel" })).toBeFocused();
  await remove.getByRole("button", { name: "Remove user" }).click();
  await expect(page.getByRole("row", { name: person.email })).toHaveCount(0);
  expect((await person.api.send("GET", "/v1/projects")).status).toBe(403);
});

test("The last super admin cannot be removed, and the page says so (U508, SPEC D14)", async ({ browse, team }) => {
  const own = await found(team.owner, "Hooli");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "users"));
  await settled(page, "User Management");
  const remove = page.getByRole("button", { name: "Leave account" });
  await expect(remove).toHaveAccessibleDescription(
    "You are the last active super admin. Make another member a super admin first.",
  );
});

/** The right edge of a part of the page, in whole pixels. */
async function rightOf(part: Locator): Promise<number> {
  const box = await part.boundingBox();
  return box ? Math.floor(box.x + box.width) : Number.NaN;
}

test("The list of users is searched and filtered, says how many it found, and its address shows the same again (U501, U110, U111, U121, U152)", async ({
  browse,
  team,
}) => {
  const name = `Quentin ${newAddress("q").slice(2, 8)}`;
  const email = newAddress("q.featherstonehaugh-cholmondeley-marjoribanks");
  await team.inviter.call("POST", "/v1/invitations", { email, name, role: "agent" });
  const page = await browse(team.owner);
  await page.goto(settings(team.account, "users"));
  await settled(page, "User Management");
  await expect(page.getByText(/An invited person becomes active by accepting the invitation\.$/)).toBeVisible();
  await expect(page.getByRole("button", { name: "+ New user" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Add User" })).toBeVisible();
  const header = page.getByRole("table", { name: "Users of this account" }).getByRole("columnheader");
  await expect(header).toHaveText(["User", "Role and teams", "Clients and load", "Status", "Actions"]);
  await page.getByLabel("Search by name or email").fill(name);
  await expect(page.locator("[aria-live=polite]")).toContainText("1 user found");
  await expect(page).toHaveURL(/q=Quentin/);
  await page.getByLabel("Status").selectOption("Pending");
  await page.getByLabel("Role", { exact: true }).selectOption("Super Admin");
  await expect(page.getByText("Nothing matches these filters")).toBeVisible();
  await page.getByLabel("Role", { exact: true }).selectOption("Agent");
  await page.reload();
  await settled(page, "User Management");
  await expect(page.getByLabel("Search by name or email")).toHaveValue(name);
  await expect(page.getByLabel("Status")).toHaveValue("pending");
  await expect(page.getByRole("table").getByRole("rowheader")).toHaveCount(1);
  // A long address is shown whole, within the page.
  await expect(page.getByText(email, { exact: true })).toBeVisible();
  expect(await rightOf(page.getByRole("table"))).toBeLessThanOrEqual(
    await rightOf(page.getByRole("link", { name: "Add User" })),
  );
  await page.getByLabel("Status").selectOption("Suspended");
  await expect(page.getByText("Nothing matches these filters")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("row", { name })).toBeVisible();
  await page.getByRole("button", { name: "Clear search" }).click();
  await expect(page.getByLabel("Search by name or email")).toBeFocused();
  await page.getByLabel("Status").selectOption("Any status");
  await page.getByLabel("Role", { exact: true }).selectOption("All roles");
  const owner = page.getByRole("row", { name: team.owner.email });
  await expect(owner).toContainText("Last seen within the hour");
  const invited = page.getByRole("row", { name });
  await expect(invited).toContainText("Pending");
  await expect(invited).not.toContainText("seen");
});
