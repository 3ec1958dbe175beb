import { readFileSync } from "node:fs";
import { equip, judge } from "./looks.ts";
import { found, join } from "./people.ts";
import { Entrance } from "./requests.ts";
import { expect, settled, test, toast } from "./test.ts";

const inProject = (account: string, project: string, rest: string) => `/console/a/${account}/p/${project}/${rest}`;

test("People are listed by standing and found; a profile approves, revokes, blocks and unblocks, exports and erases (U308, U105, U110, U111, U121, U130, U137, U152, SPEC A23, A30, A37, A45, B33, B40, C62)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Profiles Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const ada = await entrance.visit("Ada Lovelace");
  await entrance.visit("Grace Hopper");
  await entrance.indexed(ada);
  const page = await browse(own.owner);
  await page.goto(inProject(own.account, entrance.project, "people"));
  await settled(page, "People");
  const tabs = page.getByRole("navigation", { name: "People by standing" }).getByRole("link");
  await expect(tabs).toHaveText([/^Onboarding\s*2$/, /^Active\s*0$/, /^Blocked\s*0$/]);
  const rows = page.getByRole("table").getByRole("row");
  await page.getByLabel("Search by name or identifier").fill("ada");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText(ada.identifier);
  await expect(rows.nth(1)).toContainText("Telegram");
  await expect(page).toHaveURL(/q=ada/);
  await page.reload();
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Provider").selectOption("Slack");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(rows).toHaveCount(3);

  await rows.getByRole("link", { name: "Ada Lovelace" }).click();
  await settled(page, /Ada Lovelace/);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(page.getByRole("main")).toContainText(ada.identifier);
  await expect(page.getByRole("list", { name: "Access requests of this person" })).toContainText("Pending");
  await expect(page.getByText("This person was approved in no environment.")).toBeVisible();

  await page.getByRole("button", { name: "Approve…" }).click();
  const approve = page.getByRole("dialog", { name: "Approve Ada Lovelace" });
  await approve.getByLabel("Environment").selectOption("Production");
  const directory = approve.getByRole("group", { name: "Directory" });
  await expect(directory.getByRole("radio", { name: "Add as new user" })).toBeChecked();
  await directory.getByRole("radio", { name: "Do not add" }).check();
  await approve.getByLabel("Note").fill("A customer of ours");
  await page.keyboard.press("Control+Enter");
  await expect(toast(page, "Ada Lovelace can interact with the agent")).toBeVisible();
  await expect(page.getByText(/^Granted by Ana Lopes on /)).toBeVisible();
  await expect(page.getByRole("list", { name: "Access requests of this person" })).toContainText("A customer of ours");

  // Each request leads to its details, and the way back to the profile.
  await page.getByRole("list", { name: "Access requests of this person" }).getByRole("link").first().click();
  const details = page.getByRole("dialog", { name: "Ada Lovelace" });
  await expect(details.getByText("Processing Note")).toBeVisible();
  await page.goBack();
  await settled(page, /Ada Lovelace/);

  await page.getByRole("button", { name: "Revoke Production" }).click();
  const revoke = page.getByRole("alertdialog", { name: "Revoke access of Ada Lovelace to Production?" });
  await expect(revoke.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(revoke).toContainText("Ada Lovelace goes back to onboarding in Production");
  await revoke.getByRole("button", { name: "Revoke access" }).click();
  await expect(toast(page, "Ada Lovelace has no access to Production any more")).toBeVisible();
  await expect(page.getByText("This person was approved in no environment.")).toBeVisible();

  await page.getByRole("button", { name: "Block…" }).click();
  const block = page.getByRole("alertdialog", { name: "Block Ada Lovelace?" });
  await expect(block.getByRole("button", { name: "Cancel" })).toBeFocused();
  await block.getByLabel("Note").fill("Sends nothing but spam.");
  await block.getByRole("button", { name: "Block", exact: true }).click();
  await expect(page.getByText(/^Blocked by Ana Lopes on /)).toBeVisible();
  await expect(page.getByText("Sends nothing but spam.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Approve…" })).toHaveAccessibleDescription("Unblock to approve.");
  await page.getByRole("button", { name: "Unblock" }).click();
  await expect(toast(page, "Ada Lovelace is not blocked any more")).toBeVisible();

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Export data" }).click();
  expect(readFileSync(await (await download).path(), "utf8")).toContain(ada.identifier);

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Explain" }).click();
  const explanation = page.getByRole("dialog", { name: "Can Ada Lovelace talk here?" });
  await expect(explanation.getByRole("list").first().getByRole("listitem")).not.toHaveCount(0);
  await explanation.getByRole("button", { name: "Close" }).click();

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Erase…" }).click();
  const erase = page.getByRole("alertdialog", { name: "Erase Ada Lovelace?" });
  await expect(erase.getByRole("button", { name: "Cancel" })).toBeFocused();
  await erase.getByRole("button", { name: "Erase", exact: true }).click();
  await expect(toast(page, "Ada Lovelace is being erased")).toBeVisible();
  await settled(page, "People");
  await expect(rows.getByRole("link", { name: "Ada Lovelace" })).toHaveCount(0);
  await tabs.filter({ hasText: "Blocked" }).click();
  await expect(page.getByRole("heading", { level: 2, name: "No blocked people" })).toBeVisible();
});

test("Pages of people: axe finds nothing in light and dark, 1280 and 390 px, nothing scrolls sideways at 320 px, and who may not decide only looks (U151, U161, U105, U141, U308)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Names Inc");
  const looker = await join(own, { name: "Grace Hopper" });
  const entrance = await Entrance.open(own, "Strange names");
  const stranger = await entrance.visit("محمد <b>Mallory</b> 🦊 of a very long family name that goes on and on and on");
  const { chat_user_id: id } = await entrance.request(stranger);
  const page = await browse(own.owner);
  await equip(page);
  for (const [name, rest] of [
    ["people", "people"],
    ["people-none", "people?tab=blocked"],
    ["person", `people/${id}`],
    ["person-approve", `people/${id}?open=approve`],
    ["person-link", `people/${id}?open=link`],
  ] as const) {
    await test.step(name, async () => {
      await page.goto(inProject(own.account, entrance.project, rest));
      await settled(page);
      if (rest.includes("open=")) await expect(page.getByRole("dialog")).toBeVisible();
      await judge(page, name);
    });
  }
  const agent = await browse(looker);
  await agent.goto(inProject(own.account, entrance.project, `people/${id}`));
  await settled(agent, /Mallory/);
  for (const name of ["Approve…", "Block…", "Link…"]) {
    await expect(agent.getByRole("button", { name })).toHaveCount(0);
  }
});
