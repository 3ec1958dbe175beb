import { found } from "./people.ts";
import { expect, settings, settled, test, toast } from "./test.ts";
import { Directory, projectSettings } from "./users.ts";

test("A project is renamed, archived, restored and deleted; a shorter history and the deletion ask first (U413, U103, U137, SPEC C63, F07)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Projects Inc");
  const directory = await Directory.open(own, "Help desk");
  await Directory.open(own, "Orders");
  const page = await browse(own.owner);
  await page.goto(projectSettings(own.account, directory.project, "general"));
  await settled(page, "General");
  await page.getByLabel("Name", { exact: true }).fill("Service desk");
  await expect(page.getByLabel("History")).toHaveAccessibleDescription(
    /^Days for which messages are kept, from 0 to 365\./,
  );
  await page.getByLabel("History").fill("366");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Enter a whole number of days from 0 to 365")).toBeVisible();
  await page.getByLabel("History").fill("7");
  await page.getByRole("button", { name: "Save changes" }).click();
  const shorten = page.getByRole("alertdialog", { name: "Keep messages for a shorter time?" });
  await expect(shorten).toContainText("older than 7 days");
  await shorten.getByRole("button", { name: "Erase older messages" }).click();
  await expect(toast(page, "The project was saved")).toBeVisible();
  expect(await own.inviter.call("GET", `/v1/projects/${directory.project}`)).toMatchObject({
    name: "Service desk",
    history_days: 7,
  });
  const switcher = page.getByRole("button", { name: "Service desk, switch project" });
  await expect(switcher).toBeVisible();

  // The project is in neither list between the answers about the open and the archived ones.
  const listed = page.waitForResponse((response) => /\/v1\/projects\?(?!.*archived)/.test(response.url()));
  await page.route(/\/v1\/projects\?.*archived=true/, async (route) => {
    const response = await route.fetch();
    await listed;
    await route.fulfill({ response });
  });
  await page.getByLabel("History").evaluate((input) => input.setAttribute("data-kept", "yes"));
  await page.getByRole("button", { name: "Archive" }).click();
  await page
    .getByRole("alertdialog", { name: "Archive Service desk?" })
    .getByRole("button", { name: "Archive project" })
    .click();
  await expect(page.getByText("This project is archived since")).toBeVisible();
  await switcher.click();
  await expect(page.getByRole("menuitem", { name: "Service desk" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Restore" }).click();
  await expect(toast(page, "Service desk was restored")).toBeVisible();
  await expect(page.getByRole("button", { name: "Archive" })).toBeVisible();
  await expect(page.getByLabel("History")).toHaveAttribute("data-kept", "yes");

  await page.getByRole("button", { name: "Delete project" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Delete Service desk?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await dialog.getByLabel("Name of the project").fill("Help desk");
  await dialog.getByRole("button", { name: "Delete project" }).click();
  await expect(dialog.getByText("Type Service desk exactly")).toBeVisible();
  await dialog.getByLabel("Name of the project").fill("Service desk");
  await dialog.getByRole("button", { name: "Delete project" }).click();
  await expect(toast(page, "Service desk was deleted")).toBeVisible();
  await expect(page.getByRole("button", { name: "Orders, switch project" })).toBeVisible();
  const left = await own.inviter.call("GET", "/v1/projects");
  expect(left.items.map(({ name }: { name: string }) => name)).toEqual(["Orders"]);
});

test("The switcher makes projects, has a search from 8 on, keeps the page, and stays in the folded sidebar (U103, U101, U111, U131)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Switch Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "clients"));
  await settled(page, "Clients");
  await page.getByRole("button", { name: "No project", exact: true }).click();
  await page.getByRole("menuitem", { name: "New project" }).click();
  const form = page.getByRole("dialog", { name: "New project" });
  await expect(form.getByLabel("Name", { exact: true })).toBeFocused();
  await expect(page).toHaveURL(/new_project=true/);
  await form.getByRole("button", { name: "Create project" }).click();
  await expect(form.getByText("Enter a name")).toBeVisible();
  await form.getByLabel("Name", { exact: true }).fill("Help desk");
  const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/v1/projects"));
  await form.getByRole("button", { name: "Create project" }).click();
  expect((await sent).headers()["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
  await settled(page, "Access Requests");
  await expect(toast(page, "Project Help desk was created")).toBeVisible();
  const names = ["Orders", "Returns", "Repairs", "Billing", "Sales", "Travel"];
  for (const name of names) await own.inviter.call("POST", "/v1/projects", { name });
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Connectors" }).click();
  await page.reload();
  await settled(page, "Connectors");
  const switcher = page.getByRole("button", { name: "Help desk, switch project" });
  await switcher.click();
  await expect(page.getByRole("menuitem")).toHaveText(["Help desk", ...names, "New project"]);
  await expect(page.getByLabel("Search projects")).toHaveCount(0);
  await page.keyboard.press("Escape");

  await own.inviter.call("POST", "/v1/projects", { name: "Événements" });
  await page.reload();
  await settled(page, "Connectors");
  await page.getByRole("button", { name: "Collapse sidebar" }).click();
  await switcher.click();
  const search = page.getByLabel("Search projects");
  await expect(search).toBeFocused();
  await page.keyboard.type("evene");
  await expect(page.getByRole("menuitem")).toHaveText(["Événements", "New project"]);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Événements, switch project" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "Connectors" })).toBeVisible();
});
