import { colourOf } from "./colours.ts";
import { equip, judge } from "./looks.ts";
import { found } from "./people.ts";
import { Entrance } from "./requests.ts";
import { expect, settled, test, toast } from "./test.ts";
import { Directory, phoneOf, projectSettings } from "./users.ts";

test("Environments are made, put in order, renamed in place and deleted, each with the badge of its name; one that is needed names what needs it (U412, U125, U130, U132, U137, U143, SPEC C60)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Environments Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const { items } = await own.inviter.call("GET", `/v1/projects/${entrance.project}/environments`);
  const production = items.find(({ name }: { name: string }) => name === "Production");
  await own.inviter.call("POST", `/v1/projects/${entrance.project}/end-users`, {
    first_name: "Ada",
    last_name: "Lovelace",
    phone: phoneOf(1),
    environment_ids: [production.id],
  });
  const page = await browse(own.owner);
  await page.goto(projectSettings(own.account, entrance.project, "environments"));
  await settled(page, "Environments");
  const list = page.getByRole("list", { name: "Environments in order" }).getByRole("listitem");
  await expect(list).toHaveText([/Development/, /Staging/, /Production/]);
  await expect(list.nth(2)).toContainText("1 connector");
  await expect(list.nth(2)).toContainText("1 user");

  const up = page.getByRole("button", { name: "Move up Production" });
  await up.focus();
  await up.press("Enter");
  await expect(list).toHaveText([/Development/, /Production/, /Staging/]);
  await expect(up).toBeFocused();
  await expect(page.locator("[aria-live=polite]")).toContainText("Production is at place 2 of 3");
  await page.getByRole("button", { name: "Move down Development" }).click();
  await expect(list).toHaveText([/Production/, /Development/, /Staging/]);
  await expect(up).toHaveAccessibleDescription("It is the first already.");
  await page.reload();
  await expect(list).toHaveText([/Production/, /Development/, /Staging/]);
  const order = page.waitForResponse((answer) => answer.url().endsWith("/environments/reorder"));
  await page.getByTitle("Drag Staging to another place").dragTo(list.first());
  await expect(list).toHaveText([/Staging/, /Production/, /Development/]);
  expect((await order).ok()).toBe(true);

  // Buttons that would change something wait for the network.
  await page.context().setOffline(true);
  for (const name of ["Move down Staging", "Rename Staging", "Delete Staging", "New environment"]) {
    await expect(page.getByRole("button", { name })).toHaveAccessibleDescription(
      "You are offline, so nothing can be changed now.",
    );
  }
  await page.context().setOffline(false);
  await expect(page.getByText(/^You are offline/)).toBeHidden();

  await page.getByRole("button", { name: "New environment" }).click();
  const form = page.getByRole("dialog", { name: "New environment" });
  await form.getByLabel("Name").fill("staging");
  watch.expects(`409 POST /v1/projects/${entrance.project}/environments`);
  await form.getByRole("button", { name: "Create environment" }).click();
  await expect(form.getByText("Another environment has this name")).toBeVisible();
  await form.getByLabel("Name").fill("Preview");
  await form.getByRole("button", { name: "Create environment" }).click();
  await expect(toast(page, "Environment Preview was created")).toBeVisible();
  await expect(list).toHaveCount(4);

  await page.getByRole("button", { name: "Rename Preview" }).click();
  const name = page.getByLabel("Rename Preview");
  await expect(name).toBeFocused();
  await name.press("Escape");
  await page.getByRole("button", { name: "Rename Preview" }).click();
  await name.fill("Trial");
  await name.press("Enter");
  await expect(toast(page, "Renamed to Trial")).toBeVisible();
  await expect(list.nth(3)).toContainText("Trial");
  const badge = (of: string) => colourOf(list.getByText(of, { exact: true }));
  const [grey = [], violet = [], green = [], blue = []] = await Promise.all(
    ["Development", "Staging", "Production", "Trial"].map(badge),
  );
  const [red = 0, , most = 0] = grey;
  expect(most - red).toBeLessThan(25);
  expect(violet.indexOf(Math.max(...violet))).toBe(2);
  expect(violet.indexOf(Math.min(...violet))).toBe(1);
  expect(green.indexOf(Math.max(...green))).toBe(1);
  expect(blue.indexOf(Math.max(...blue))).toBe(2);
  expect(blue.indexOf(Math.min(...blue))).toBe(0);

  await page.getByRole("button", { name: "Delete Trial" }).click();
  const confirm = page.getByRole("alertdialog", { name: "Delete Trial?" });
  await expect(confirm.getByRole("button", { name: "Cancel" })).toBeFocused();
  await confirm.getByRole("button", { name: "Delete environment" }).click();
  await expect(list).toHaveCount(3);

  watch.expects(`409 DELETE /v1/projects/${entrance.project}/environments/${production.id}`);
  await page.getByRole("button", { name: "Delete Production" }).click();
  await page.getByRole("button", { name: "Delete environment" }).click();
  const refused = page.getByRole("dialog", { name: "Production cannot be deleted" });
  await expect(refused).toContainText("1 connector and 1 user need it");
  await expect(refused).toContainText("Move or delete the connector. Give this user access to another environment");
  await expect(refused.getByRole("link", { name: "Ada Lovelace" })).toBeVisible();
  await refused.getByRole("link", { name: "Help desk bot" }).click();
  await expect(page).toHaveURL(new RegExp(`/connectors/${entrance.connector}`));
});

test("An environment's agent is set, tested and secured: its secret is shown once and rotated, its limits are checked, and dead letters are listed (U412, U131, U138, SPEC F14)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Agents Inc");
  const directory = await Directory.open(own, "Help desk");
  const staging = directory.environments.Staging;
  const page = await browse(own.owner);
  await page.goto(projectSettings(own.account, directory.project, "environments"));
  await page.getByRole("link", { name: "Agent of Staging" }).click();
  await settled(page, /^Agent/);
  await expect(page.getByLabel("Seconds to answer")).toHaveAccessibleDescription(/^1 to 25 seconds\./);
  await expect(page.getByLabel("Calls at the same time")).toHaveAccessibleDescription(/^1 to 100 calls\./);
  await expect(page.getByLabel("Days until given up")).toHaveAccessibleDescription(/^1 to 14 days\./);
  await page.getByLabel("Agent endpoint").fill("agent.example.com");
  await page.getByLabel("Seconds to answer").fill("26");
  await page.getByRole("button", { name: "Save agent" }).click();
  await expect(page.getByText("Enter an https address")).toBeVisible();
  await expect(page.getByText("Enter a whole number from 1 to 25")).toBeVisible();
  await page.getByLabel("Agent endpoint").fill("https://agent.example.com/deliveries");
  await page.getByLabel("Seconds to answer").fill("5");
  await page.getByLabel("Calls at the same time").fill("7");
  await page.getByRole("checkbox", { name: "A message was edited" }).check();
  await page.getByRole("button", { name: "Save agent" }).click();
  const shown = page.getByRole("dialog", { name: "Signing secret of Staging" });
  const first = await shown.locator("code").innerText();
  expect(first).toMatch(/^whsec_/);
  await shown.getByRole("button", { name: "I have stored it" }).click();
  await expect(page.getByText(first)).toHaveCount(0);
  expect((await directory.read(`environments/${staging}`)).agent).toMatchObject({
    endpoint: "https://agent.example.com/deliveries",
    timeout_seconds: 5,
    max_in_flight: 7,
    events: ["message.edited"],
  });

  await page.getByRole("button", { name: "Send test delivery" }).click();
  await expect(page.getByRole("main")).toContainText(/The agent (gave no answer|refused)|address may not be called/);
  await page.getByRole("button", { name: "Rotate secret" }).click();
  const rotate = page.getByRole("alertdialog", { name: "Rotate the signing secret?" });
  await rotate.getByRole("button", { name: "Rotate secret" }).click();
  const second = await shown.locator("code").innerText();
  expect(second).not.toBe(first);
  await shown.getByRole("button", { name: "I have stored it" }).click();
  await expect(page.getByText("Deliveries are signed with the previous secret too")).toBeVisible();
  await page.getByRole("button", { name: "End previous secret" }).click();
  await page.getByRole("button", { name: "End secret", exact: true }).click();
  await expect(page.getByText("Deliveries are signed with the previous secret too")).toBeHidden();
  await expect(page.getByText("Nothing was given up.")).toBeVisible();
});

test("Pages of environments and the project: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U143, U412, U413)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Settings Inc");
  const directory = await Directory.open(own, "Help desk");
  await own.inviter.call("PATCH", `/v1/projects/${directory.project}/environments/${directory.environments.Staging}`, {
    agent: { endpoint: "https://agent.example.com/deliveries" },
  });
  const page = await browse(own.owner);
  await equip(page);
  const at = (rest: string) => projectSettings(own.account, directory.project, rest);
  for (const [name, address, heading] of [
    ["environments", "environments", "Environments"],
    ["environment", `environments/${directory.environments.Staging}`, /^Agent/],
    ["environment-without-agent", `environments/${directory.environments.Production}`, /^Agent/],
    ["environment-new", "environments?create=true", "Environments"],
    ["project-general", "general", "General"],
  ] as const) {
    await page.goto(at(address));
    if (name === "environment-new") await expect(page.getByRole("dialog", { name: "New environment" })).toBeVisible();
    else await settled(page, heading);
    await judge(page, name);
  }
});
