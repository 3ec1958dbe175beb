import type { Page } from "@playwright/test";
import { conversationOf, conversationsOf, hire, openDesk } from "./desk.ts";
import { equip, judge } from "./looks.ts";
import { found } from "./people.ts";
import { Entrance } from "./requests.ts";
import { expect, PHONE, settled, test } from "./test.ts";

/** The chart with this title, with what it adds up to. */
const chart = (page: Page, title: string) => page.getByRole("img", { name: new RegExp(`^${title}\\.`) });

/** The charts by day, with the columns of their tables behind the day. */
const BY_DAY = [
  ["Requests and decisions", ["Requests", "Decisions"]],
  ["Time to decision", ["Median", "9 of 10 within", "Number"]],
  ["Waiting time", ["Median", "9 of 10 within", "Number"]],
  ["Time to first reply", ["Median", "9 of 10 within", "Number"]],
  ["Missed first replies", ["Missed"]],
] as const;

test("Figures tell requests, decisions, waiting time, first replies and the load of each member, by range, client, channel and team; each chart also as a table (U608, U111, SPEC E37)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Figures Inc");
  const grace = await hire(own, { channels: { telegram: 2 } }, { name: "Grace Hopper" });
  await own.inviter.call("POST", "/v1/teams", { name: "Night shift" });
  const desk = await Entrance.open(own, "Figures", { handler: "team" });
  const project = `/v1/projects/${desk.project}`;
  const ada = await desk.visit("Ada Lovelace");
  const { id: request } = await desk.request(ada);
  await own.inviter.call("POST", `${project}/access-requests/${request}/approve`, {});
  await desk.say(ada, "Where is my parcel?");
  const { id } = await conversationOf(own, desk, ada, "assigned");
  const messages = `${project}/conversations/${id}/messages`;
  await grace.api.call("POST", messages, { messages: [{ text: "It is on its way." }] });

  const page = await browse(own.owner);
  await page.goto(conversationsOf(own.account, desk.project));
  await settled(page, "Conversations");
  await page.getByRole("link", { name: "Figures" }).click();
  await settled(page, "Figures");
  await expect(page).toHaveTitle(/^Figures/);
  await expect(chart(page, "Requests and decisions")).toHaveAccessibleName(/Requests: 1, Decisions: 1$/);
  await expect(chart(page, "Requests and decisions").locator("rect[data-series]")).toHaveCount(2);
  for (const title of ["Time to decision", "Waiting time", "Time to first reply"]) {
    await expect(chart(page, title)).toHaveAccessibleName(/Median: \d+ .+, 9 of 10 within: \d+ /);
  }
  await expect(chart(page, "Missed first replies")).toHaveAccessibleName(/Missed: 0$/);
  await expect(page.getByRole("listitem").filter({ hasText: "Grace Hopper" })).toContainText("1 of 2");

  for (const [title, columns] of BY_DAY) {
    await page.getByRole("button", { name: `${title} as a table` }).click();
    const table = page.getByRole("table", { name: title });
    await expect(table.getByRole("columnheader")).toHaveText(["Day", ...columns]);
    await expect(table.getByRole("row")).toHaveCount(31);
    await expect(chart(page, title)).toHaveCount(0);
    if (title === "Waiting time") {
      await expect(table.getByRole("row").filter({ hasText: /sec|min/ })).toHaveCount(1);
    }
    await page.getByRole("button", { name: `${title} as a chart` }).click();
    await expect(chart(page, title)).toBeVisible();
  }
  await page.getByRole("button", { name: "Load per member as a table" }).click();
  const loads = page.getByRole("table", { name: "Load per member" });
  await expect(loads.getByRole("row", { name: /Grace Hopper/ })).toContainText("1 of 2");

  await page.getByLabel("Channel", { exact: true }).selectOption({ label: "SMS" });
  await expect(page).toHaveURL(/channel=sms/);
  await expect(page.getByRole("heading", { name: "Nothing matches these filters" })).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page).not.toHaveURL(/channel=/);
  await expect(chart(page, "Waiting time")).toBeVisible();
  await page.getByLabel("Client", { exact: true }).selectOption({ index: 1 });
  await expect(page).toHaveURL(/client=/);
  await expect(chart(page, "Requests and decisions")).toHaveAccessibleName(/Requests: 1, Decisions: 1$/);
  await page.getByLabel("Team", { exact: true }).selectOption("Night shift");
  await expect(page).toHaveURL(/team=/);
  await expect(page.getByText("Access requests belong to no team.")).toBeVisible();
  await page.goBack();
  await expect(chart(page, "Requests and decisions")).toBeVisible();
  await page.getByLabel("Client", { exact: true }).selectOption({ index: 0 });
  await page.getByLabel("To", { exact: true }).fill("2026-01-01");
  await expect(page.getByRole("heading", { name: "No figures in this range" })).toBeVisible();
  await page.getByLabel("From", { exact: true }).fill("2026-02-01");
  await expect(page.getByText("To must not be before From")).toBeVisible();
  await page.getByLabel("From", { exact: true }).fill("2025-06-01");
  await expect(page.getByText("At most 92 days")).toBeVisible();
});

test("Figures: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U141)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Figures Looks Inc");
  await hire(own, { channels: { telegram: 1 } }, { name: "X".repeat(60) });
  const desk = await openDesk(own, "Looks of figures");
  await conversationOf(own, desk, await desk.arrive("Ada Lovelace"), "assigned");
  const page = await browse(own.owner);
  await equip(page);
  await page.goto(`/console/a/${own.account}/p/${desk.project}/figures`);
  await expect(chart(page, "Waiting time")).toBeVisible();
  await judge(page, "figures");
  await page.getByRole("button", { name: "Time to first reply as a table" }).click();
  await expect(page.getByRole("table", { name: "Time to first reply" })).toBeVisible();
  await judge(page, "figures-table");
  await page.setViewportSize(PHONE);
  await expect(page.getByLabel("Channel", { exact: true })).toBeHidden();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByLabel("Channel", { exact: true }).selectOption("Telegram");
  await expect(page.getByRole("button", { name: "Filters (1)" })).toBeVisible();
});
