import { readFileSync } from "node:fs";
import { equip, judge } from "./looks.ts";
import { found, join } from "./people.ts";
import { Entrance } from "./requests.ts";
import { eventually } from "./stack.ts";
import { expect, settled, test, toast } from "./test.ts";
import { Directory, phoneOf, projectSettings } from "./users.ts";

test("Users are added, listed and found with what was found in yellow; a search that finds nobody says what to try (U401, U402, U403, U404, U405, U406, U411, U110, U111, U152, SPEC C02, C05, C06, C07, C08, C09, C10, C14, C15, C18, C19, C20, C22, C28, C30, C31, C45, C46, C47, C48, C49, C50, C51, C52)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Users Inc");
  const directory = await Directory.open(own, "Help desk");
  await Directory.open(own, "Orders");
  const page = await browse(own.owner);
  await page.goto(projectSettings(own.account, directory.project, "users"));
  await settled(page, "Users Management");
  await expect(page.getByRole("navigation", { name: "Project settings" }).getByRole("link")).toHaveText([
    "General",
    "Users",
    "Environments",
  ]);
  await expect(
    page.getByText(/Look through the list now and then, and remove anyone who no longer needs access\./),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: "Export" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 2, name: "No users yet" })).toBeVisible();
  const empty = page.getByRole("main");
  await expect(empty).toContainText("People who are added here may write to the agent");
  await expect(empty.getByRole("link", { name: "Import" })).toHaveCount(2);
  await empty.getByRole("link", { name: "Add User" }).first().click();

  await settled(page, "Add User");
  await expect(page.getByLabel("Phone Number")).toHaveAttribute("placeholder", "+1 555-123-4567");
  await expect(page.getByLabel("Phone Number")).toHaveAccessibleDescription(/how the agent knows who writes/);
  await expect(page.getByLabel("Email (optional)")).toHaveAccessibleDescription(/when you know it/);
  await expect(page.getByLabel("Middle Name (optional)")).toBeVisible();
  await expect(page.getByText("Full names make people easy to find.")).toBeVisible();
  await expect(page.getByRole("group", { name: "Environments" })).toHaveAccessibleDescription(
    /^Development is for the core team, Staging for testing together, and Production only for those who are ready/,
  );
  const boxes = page.getByRole("group", { name: "Environments" }).getByRole("checkbox");
  await expect(boxes).toHaveCount(3);
  for (const box of await boxes.all()) await expect(box).not.toBeChecked();
  await page.getByRole("button", { name: "Add User" }).click();
  const main = page.getByRole("main");
  for (const message of [
    "Phone number is required",
    "First name is required",
    "Last name is required",
    "Please select at least one environment",
  ]) {
    await expect(main.getByText(message).last()).toBeVisible();
  }
  await expect(page.getByLabel("Phone Number")).toBeFocused();
  await page.getByLabel("Phone Number").fill("0151 234");
  await page.getByLabel("Email").fill("ada@");
  await page.getByLabel("First Name").fill("Ada");
  await expect(
    main
      .getByText("Enter the number in international format with at least 10 digits, for example +1 555-123-4567")
      .last(),
  ).toBeVisible();
  await expect(main.getByText("Invalid Email").last()).toBeVisible();
  await page.getByLabel("Phone Number").fill("+1 202-555-1843");
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Last Name").fill("Lovelace");
  await page.getByRole("checkbox", { name: "Staging" }).check();
  await page.getByRole("checkbox", { name: "Production" }).check();
  await page.getByRole("button", { name: "Add User" }).click();
  await expect(toast(page, "Ada Lovelace was added")).toBeVisible();

  await settled(page, "Users Management");
  const table = page.getByRole("table", { name: "Users of this project" });
  await expect(table.getByRole("columnheader")).toHaveText(["User", "Phone", "Environments", "Created", "Actions"]);
  const rows = table.getByRole("row");
  await expect(rows.filter({ hasText: "Ada Lovelace" })).toHaveText(
    /Ada Lovelace\s*Invited\s*ada@example\.com.*\+1 202-555-1843.*Staging\s*Production.*\d+ \w+ 20\d\d/,
  );
  await expect(rows.filter({ hasText: "Ada Lovelace" }).locator("[data-initials=AL]")).toBeVisible();
  await directory.add({ first_name: "Grace", middle_name: "Brewster", last_name: "Hopper" });
  await directory.add({ first_name: "Zoë", last_name: "Nuñez" });
  await page.reload();
  await expect(rows).toHaveCount(4);
  await expect(rows.filter({ hasText: "Grace" })).toContainText("No email");

  const search = page.getByLabel("Search by name, email or phone");
  const asked: (string | null)[] = [];
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname.endsWith("/end-users") && searchParams.has("q")) asked.push(searchParams.get("q"));
  });
  await page.keyboard.press("/");
  await expect(search).toBeFocused();
  await page.keyboard.type("LACE");
  await expect(rows).toHaveCount(2);
  await expect(table.locator("mark")).toHaveText(["lace"]);
  await expect(page.locator("[aria-live=polite]")).toContainText("1 user found");
  // Asked once, after the last key.
  expect(asked).toEqual(["LACE"]);
  await expect(page).toHaveURL(/q=LACE/);
  await page.reload();
  await expect(table.locator("mark")).toHaveText(["lace"]);
  await search.fill("nunez");
  await expect(table.locator("mark")).toHaveText(["Nuñez"]);
  // An answer that comes after that of a later search is dropped.
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/end-users?*q=hopper*", async (route) => {
    await held;
    await route.fallback();
  });
  const late = page.waitForRequest(/q=hopper/);
  await search.fill("hopper");
  await late;
  await search.fill("5551843");
  await expect(table.locator("mark")).toHaveText(["555-1843"]);
  answer();
  await page.unroute("**/end-users?*q=hopper*");
  await expect(table.locator("mark")).toHaveText(["555-1843"]);
  await page.getByRole("button", { name: "Clear search" }).click();
  await expect(search).toBeFocused();
  await expect(rows).toHaveCount(4);

  await search.fill("lovelase");
  await expect(page.getByRole("heading", { level: 2, name: "No users match “lovelase”" })).toBeVisible();
  await expect(main).toContainText("Check the spelling.");
  await expect(main).toContainText("Try a part of it");
  await expect(main).toContainText("The person may be in another project. This one is Help desk.");
  await expect(main.getByRole("button", { name: "Help desk, switch project" })).toBeVisible();
  await search.press("Escape");
  await expect(search).toHaveValue("");
  await expect(search).toBeFocused();
  await expect(rows).toHaveCount(4);
  await search.fill("lovelase");
  await main.getByRole("listitem").first().waitFor();
  await main.getByRole("button", { name: "Clear search", exact: true }).last().click();
  await expect(rows).toHaveCount(4);

  await page.getByLabel("Environment").selectOption("Staging");
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Source").selectOption("Self-registered");
  await expect(page.getByText("Nothing matches these filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByLabel("Sort").selectOption("Oldest first");
  await expect(rows.getByRole("rowheader")).toHaveText([/Ada/, /Grace/, /Zoë/]);
  await page.getByLabel("Sort").selectOption("Newest first");
  await expect(rows.getByRole("rowheader")).toHaveText([/Zoë/, /Grace/, /Ada/]);
  await page.getByLabel("Sort").selectOption("By name");
  await expect(rows.getByRole("rowheader")).toHaveText([/^Ada/, /^Grace/, /^Zoë/]);
  await expect(page).toHaveURL(/order=name/);
});

test("A user is changed in all environments at once; a taken number names its holder, and a number that moves says so (U405, U406, U407, U408, U132, U134, SPEC C21, C32, C40, C59)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Changes Inc");
  const directory = await Directory.open(own, "Help desk");
  const ada = await directory.add({ first_name: "Ada", email: "ada@example.com", environments: ["Staging"] });
  await directory.add({ first_name: "Grace", last_name: "Hopper", email: "grace@example.com" });
  const page = await browse(own.owner);
  await page.goto(projectSettings(own.account, directory.project, "users"));
  await page.getByRole("link", { name: "Edit Ada Lovelace" }).click();
  await settled(page, "Edit User");
  await expect(page.getByText("Changes apply to all environments")).toBeVisible();
  await page.getByRole("checkbox", { name: "Staging" }).uncheck();
  await page.getByRole("button", { name: "Update User" }).click();
  const group = page.getByRole("group", { name: "Environments" });
  await expect(group).toContainText("User must have at least one environment");
  await expect(group).toContainText("delete the user instead");
  await page.getByRole("checkbox", { name: "Production" }).check();

  watch.expects(`409 PATCH /v1/projects/${directory.project}/end-users/${ada.id}`);
  await page.getByLabel("Phone Number").fill(phoneOf(2));
  await page.getByRole("button", { name: "Update User" }).click();
  await expect(page.getByText("Grace Hopper already has this number")).toBeVisible();
  await expect(page.getByLabel("Phone Number")).toBeFocused();
  await page.getByRole("link", { name: "Open Grace Hopper" }).click();
  const discard = page.getByRole("alertdialog", { name: "Discard changes?" });
  await discard.getByRole("button", { name: "Keep editing" }).click();

  await page.getByLabel("Email").fill("grace@example.com");
  await page.getByLabel("Email").press("Tab");
  await expect(page.getByText("Grace Hopper has this email address, too.")).toBeVisible();
  await page.getByLabel("Phone Number").fill("+1 202-555-1900");
  await page.getByLabel("Middle Name").fill("King");
  await page.getByRole("button", { name: "Update User" }).click();
  await expect(toast(page, "Ada King Lovelace was changed")).toBeVisible();
  const saved = await directory.read(`end-users/${ada.id}`);
  expect(saved).toMatchObject({ email: "grace@example.com", full_name: "Ada King Lovelace", phone: "+12025551900" });
  expect(saved.environments.map(({ name }: { name: string }) => name)).toEqual(["Production"]);

  // Somebody else changes the same record.
  await page.goto(projectSettings(own.account, directory.project, `users/${ada.id}`));
  await settled(page, "Edit User");
  await own.inviter.call("PATCH", `/v1/projects/${directory.project}/end-users/${ada.id}`, { last_name: "Byron" });
  watch.expects(`412 PATCH /v1/projects/${directory.project}/end-users/${ada.id}`);
  await page.getByLabel("Last Name").fill("King");
  await page.getByRole("button", { name: "Update User" }).click();
  const conflict = page.getByRole("dialog", { name: /changed this while you were editing/ });
  await expect(conflict.getByRole("row", { name: /^Last Name/ })).toHaveText(/King.*Byron/);
  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await expect(toast(page, "Ada King King was changed")).toBeVisible();
});

test("A user who writes is linked; the number's move is announced; whoever registered by writing may lack number and last name; data is exported, and a deletion says what is lost (U404, U406, U408, U409, U414, U137, U153, SPEC C54, C38, C41, C42, C43, C44, C62)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Erasure Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const stranger = await entrance.visit("Ada Lovelace");
  const { id: wish } = await entrance.request(await entrance.visit("Grace"));
  const { items } = await own.inviter.call("GET", `/v1/projects/${entrance.project}/environments`);
  const production = items.find(({ name }: { name: string }) => name === "Production");
  const ada = await own.inviter.call("POST", `/v1/projects/${entrance.project}/end-users`, {
    first_name: "Ada",
    last_name: "Lovelace",
    phone: phoneOf(1),
    environment_ids: [production.id],
  });
  await own.inviter.call("POST", `/v1/projects/${entrance.project}/access-requests/${wish}/approve`, {});
  await eventually("Grace among the users", async () => {
    const listed = await own.inviter.call("GET", `/v1/projects/${entrance.project}/end-users?source=self_registered`);
    return listed.items[0];
  });
  const { chat_user_id } = await entrance.request(stranger);
  await own.inviter.call("POST", `/v1/projects/${entrance.project}/chat-users/${chat_user_id}/link`, {
    end_user_id: ada.id,
  });

  const page = await browse(own.owner);
  await page.goto(projectSettings(own.account, entrance.project, `users/${ada.id}`));
  await settled(page, "Edit User");
  await expect(page.getByRole("main")).toContainText(stranger.identifier);
  await page.getByLabel("Phone Number").fill("+1 202-555-1999");
  await expect(page.getByText("The old number loses access at once, the new one gains it.")).toBeVisible();
  await page.getByLabel("Phone Number").fill(phoneOf(1));
  await expect(page.getByText("The old number loses access at once, the new one gains it.")).toBeHidden();

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export data" }).click();
  const data = readFileSync(await (await download).path(), "utf8");
  expect(data).toContain(stranger.identifier);
  expect(data).toContain(phoneOf(1));

  await page.goto(projectSettings(own.account, entrance.project, "users"));
  await settled(page, "Users Management");
  await page.getByLabel("Source").selectOption("Self-registered");
  const registered = page.getByRole("table").getByRole("row").nth(1);
  await expect(registered).toHaveText(/^Grace\s*Self-registered\s*No email.*No phone.*Production/);
  await expect(page.getByText("1 user found").first()).toBeVisible();
  await page.getByRole("link", { name: "Edit Grace" }).click();
  await settled(page, "Edit User");
  await expect(page.getByLabel("Phone Number (optional)")).toHaveValue("");
  await expect(page.getByLabel("Last Name (optional)")).toHaveValue("");
  await page.getByLabel("Middle Name").fill("Brewster");
  await page.getByRole("button", { name: "Update User" }).click();
  await expect(toast(page, "Grace Brewster was changed")).toBeVisible();
  await settled(page, "Users Management");
  const remove = page.getByRole("button", { name: "Delete Grace Brewster" });
  await remove.click();
  const dialog = page.getByRole("alertdialog", { name: "Delete Grace Brewster?" });
  await expect(dialog).toContainText("ALL environments");
  await expect(dialog).toContainText("cannot be undone");
  await expect(dialog).toContainText("the block stays");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(remove).toBeFocused();
  await remove.click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(toast(page, "Grace Brewster was removed")).toBeVisible();
  await expect(page.getByRole("row", { name: /Grace/ })).toHaveCount(0);

  await page.getByRole("link", { name: "Edit Ada Lovelace" }).click();
  await settled(page, "Edit User");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Erase" }).click();
  const erase = page.getByRole("alertdialog", { name: "Erase Ada Lovelace?" });
  await expect(erase).toContainText("the block stays");
  await erase.getByRole("button", { name: "Erase person" }).click();
  await expect(toast(page, "Ada Lovelace was erased")).toBeVisible();
  await settled(page, "Users Management");
  await expect(page.getByRole("heading", { level: 2, name: "No users yet" })).toBeVisible();
});

test("A file is checked first, its columns are assigned, and then it is imported while other pages are shown; an export says that it holds personal data (U410, U151, SPEC C61)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Imports Inc");
  const directory = await Directory.open(own, "Help desk");
  await directory.add({ first_name: "Ada", phone: phoneOf(1) });
  const page = await browse(own.owner);
  await equip(page);
  await page.goto(projectSettings(own.account, directory.project, "users/import"));
  await settled(page, "Import users");
  await expect(page.getByText("or drop it here")).toBeVisible();
  const template = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download template" }).click();
  expect(readFileSync(await (await template).path(), "utf8")).toMatch(/^Phone Number,Email,First Name/);

  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["x"], "people.xlsx"));
    return transfer;
  });
  await page.getByText("or drop it here").dispatchEvent("drop", { dataTransfer: dropped });
  await expect(page.getByRole("alert")).toContainText("Choose a CSV file");
  const file = page.getByLabel("CSV file");
  const rows = [
    "Phone,Rufname,Last Name,Environments",
    `${phoneOf(1)},Augusta,Lovelace,Production`,
    `${phoneOf(2)},Grace,Hopper,Staging;Production`,
    "12,Nobody,Somebody,Production",
  ];
  await file.setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\r\n")) });
  await expect(page).toHaveURL(/\/import\/[0-9A-Z]{26}/);
  await expect(page.getByRole("heading", { level: 2, name: /^\d+ new, \d+ changed, / })).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByText("1 column of the file is not known.")).toBeVisible();
  await judge(page, "users-import-checked");
  await expect(page.getByText("nothing was changed yet")).toBeVisible();
  expect((await directory.read("end-users")).items).toHaveLength(1);
  await page.getByRole("link", { name: "Assign columns" }).click();
  await page.getByLabel("Rufname").selectOption("First Name");
  await page.getByRole("button", { name: "Check again" }).click();
  const summary = page.getByRole("heading", { level: 2, name: "1 new, 1 changed, 1 error" });
  await expect(summary).toBeVisible({ timeout: 60_000 });
  const errors = page.getByRole("table", { name: "Errors of the file by line and column" });
  await expect(errors.getByRole("row").nth(1)).toHaveText(/4.*Phone/);
  const errorFile = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download errors" }).click();
  expect(readFileSync(await (await errorFile).path(), "utf8").split("\r\n")[1]).toMatch(/^"4",/);
  await page.reload();
  await expect(summary).toBeVisible();

  await page.getByRole("button", { name: "Import 2 users" }).click();
  await page.getByRole("link", { name: "Users", exact: true }).first().click();
  await settled(page, "Users Management");
  await page.goBack();
  await expect(page.getByRole("heading", { level: 2, name: "The import is done" })).toBeVisible({ timeout: 60_000 });
  await page.getByRole("link", { name: "Show users" }).click();
  await settled(page, "Users Management");
  const table = page.getByRole("table", { name: "Users of this project" });
  await expect(table.getByRole("row", { name: /Augusta Lovelace/ })).toBeVisible();
  await expect(table.getByRole("row", { name: /Grace Hopper/ })).toContainText("Staging");

  await page.getByRole("button", { name: "Export" }).click();
  const ask = page.getByRole("alertdialog", { name: "Export users" });
  await expect(ask).toContainText("personal data");
  const exported = page.waitForEvent("download");
  await ask.getByRole("button", { name: "Export" }).click();
  const text = readFileSync(await (await exported).path(), "utf8");
  expect(text).toContain("Augusta");
  expect(text.trimEnd().split("\r\n")).toHaveLength(3);
});

test("Pages of users: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px; who may not change users only looks (U151, U161, U105, U141, U142, U160, U401, U403, U405, U410)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Looks Inc");
  const directory = await Directory.open(own, "Help desk");
  await directory.add({ first_name: "Ada", email: "ada@example.com", environments: ["Development", "Production"] });
  const strange = await directory.add({ first_name: "<b>Mallory</b> 🦊", last_name: "محمد بن موسى الخوارزمي" });
  await directory.add({ first_name: "Edgar", last_name: "Featherstonehaugh-Cholmondeley-Marjoribanks".repeat(2) });
  const page = await browse(own.owner);
  await equip(page);
  const at = (rest: string) => projectSettings(own.account, directory.project, rest);
  for (const [name, address, heading] of [
    ["users", "users", "Users Management"],
    ["users-found", "users?q=a", "Users Management"],
    ["users-nobody", "users?q=lovelase", "Users Management"],
    ["user-new", "users/new", "Add User"],
    ["user", `users/${strange.id}`, "Edit User"],
    ["users-import", "users/import", "Import users"],
  ] as const) {
    await page.goto(at(address));
    await settled(page, heading);
    await judge(page, name);
  }
  await page.goto(at("users"));
  await settled(page, "Users Management");
  await expect(page.getByRole("table").getByText("+1 202-555-1002")).toBeVisible();
  await page.getByRole("button", { name: "Delete Ada Lovelace" }).click();
  await judge(page, "user-delete");

  const role = await own.inviter.call("POST", "/v1/roles", {
    name: "Reader",
    permissions: ["projects.read", "end_users.read"],
  });
  const reader = await join(own, { role: role.key, name: "Ida Rhodes" });
  const theirs = await browse(reader);
  await theirs.goto(at("users"));
  await settled(theirs, "Users Management");
  await expect(theirs.getByRole("link", { name: "Add User" })).toHaveCount(0);
  await expect(theirs.getByRole("button", { name: /^Delete/ })).toHaveCount(0);
  await theirs.getByRole("link", { name: "Ada Lovelace" }).click();
  await settled(theirs, "Edit User");
  await expect(theirs.getByText("You may look at users, but not change them.")).toBeVisible();
  await expect(theirs.getByRole("button", { name: "Update User" })).toHaveCount(0);
});
