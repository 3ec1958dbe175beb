import { found } from "./people.ts";
import { expect, settled, test, toast } from "./test.ts";
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
