import type { Page } from "@playwright/test";
import { conversationOf, conversationsOf, equipped, hire, openDesk } from "./desk.ts";
import { equip, judge } from "./looks.ts";
import { found } from "./people.ts";
import { Entrance, type Stranger } from "./requests.ts";
import { facts } from "./stack.ts";
import { expect, PHONE, settled, test, toast } from "./test.ts";

/** The row of somebody's conversation. */
const rowOf = (page: Page, { name }: Pick<Stranger, "name">) =>
  page.getByRole("list", { name: "Conversations" }).getByRole("listitem").filter({ hasText: name });

const views = (page: Page) => page.getByRole("navigation", { name: "Conversations by who has them" });
const messages = (page: Page) => page.getByRole("region", { name: "Messages" });
const failure = (page: Page, words: string | RegExp) =>
  page.getByRole("region", { name: "Notifications" }).getByRole("alert").filter({ hasText: words });

test("A message to the team is assigned with the reason, answered by keyboard, sent again where it failed, and released; then there are no conversations (U601, U603, U604, U605, U606, U607, U101, SPEC E22, E31, E36)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Desk Inc");
  const grace = await hire(own, { channels: { sms: 1, telegram: 2 } }, { name: "Grace Hopper" });
  await grace.api.call("PUT", "/v1/me/availability", { state: "away" });
  const desk = await openDesk(own, "Help desk");
  const page = await browse(grace);
  await page.goto(conversationsOf(own.account, desk.project));
  await settled(page, "Conversations");
  await expect(page.getByRole("heading", { name: "You have no conversations." })).toBeVisible();
  await expect(page.getByText("You are away.")).toBeVisible();
  await page.getByRole("button", { name: "Become available" }).click();
  await expect(page.getByText(/^You are available for (SMS and Telegram|Telegram and SMS)\.$/)).toBeVisible();

  const ada = await desk.arrive("Ada Lovelace", "Where is my parcel?");
  await conversationOf(own, desk, ada, "assigned");
  await expect(rowOf(page, ada)).toBeVisible({ timeout: 30_000 });
  await expect(rowOf(page, ada)).toContainText("Where is my parcel?");
  const entry = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /^Conversations/ });
  await expect(entry).toContainText("1");
  const counted = [/^Mine ?1$/, /^Queue ?0$/, /^Assigned ?1$/, /^With the agent ?0$/, /^All ?1$/];
  await expect(views(page).getByRole("link")).toHaveText(counted);
  const because = /Grace Hopper: available, handles .+ on Telegram, had 0 of 2, the only one with room/;
  const viewOf = (name: RegExp) => views(page).getByRole("link", { name }).click();
  await viewOf(/^Assigned/);
  await expect(rowOf(page, ada)).toContainText(because);
  await viewOf(/^Mine/);
  await rowOf(page, ada).getByRole("link", { name: "Ada Lovelace" }).click();
  await expect(page).toHaveURL(/\/conversations\/[0-9A-Z]{26}$/);
  await expect(page.getByRole("complementary", { name: "Details" })).toContainText(because);
  await expect(page.getByRole("heading", { level: 2, name: "Ada Lovelace" })).toBeFocused();
  await expect(messages(page).getByText("Where is my parcel?")).toBeVisible();
  await expect(messages(page).getByRole("heading", { name: "Today" })).toBeVisible();
  await expect(messages(page).getByText(/^Assigned to Grace Hopper/)).toBeVisible();
  await expect(messages(page).getByText(because)).toBeVisible();

  await page.getByLabel("Reply").fill("It is on its way.");
  await page.keyboard.press("Control+Enter");
  await expect(messages(page).getByText("It is on its way.")).toBeVisible();
  await expect(page.getByLabel("Reply")).toHaveValue("");
  await expect(messages(page).getByText("Sent", { exact: true })).toBeVisible();

  await desk.refuseNext(ada, "Forbidden: bot was blocked by the user");
  await page.getByLabel("Reply").fill("Do you hear me?");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const failed = messages(page).getByText(/^Not delivered: Forbidden: bot was blocked by the user/);
  await expect(failed).toBeVisible();
  await failed.getByRole("button", { name: "Try again to send “Do you hear me?”" }).click();
  await expect(messages(page).getByText("Do you hear me?", { exact: true })).toHaveCount(2);
  await expect(messages(page).getByText("Sent", { exact: true })).toHaveCount(2);
  await expect(failed).toBeVisible();

  await page.getByRole("button", { name: "Release" }).click();
  const ask = page.getByRole("alertdialog", { name: "Release this conversation?" });
  await expect(ask.getByRole("button", { name: "Cancel" })).toBeFocused();
  await ask.getByRole("button", { name: "Release" }).click();
  await expect(toast(page, "The conversation was released")).toBeVisible();
  await expect(messages(page).getByText(/^Grace Hopper released it/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { name: "You have no conversations." })).toBeVisible();
});

test("The queue shows who waits first, since when and why, and the room there is; a claim over the limit asks first (U602, U606, U124, SPEC E23, E24, E32, E33, E39)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Queue Inc");
  const grace = await hire(own, { channels: { telegram: 1 } }, { name: "Grace Hopper" });
  await equipped(own, own.owner, { channels: { sms: 5, telegram: 0 } });
  const desk = await openDesk(own, "Queue");
  await conversationOf(own, desk, await desk.arrive("Ada Lovelace"), "assigned");
  const bob = await desk.arrive("Bob Stone", "Is anybody there?");
  const { id: ofBob } = await conversationOf(own, desk, bob, "waiting");
  const cy = await desk.arrive("Cy Twombly");
  await conversationOf(own, desk, cy, "waiting");

  const page = await browse(own.owner);
  await page.goto(conversationsOf(own.account, desk.project, "?view=queue"));
  const rows = page.getByRole("list", { name: "Conversations" }).getByRole("listitem");
  await expect(rows).toHaveText([/Bob Stone/, /Cy Twombly/]);
  await expect(rows.first()).toContainText(/Waiting \d+ min/);
  await expect(rows.first()).toContainText("2 people could take it; all are at their Telegram limit");
  await expect(rows.first()).toContainText(/Telegram · .+/);
  await expect(views(page).getByRole("link", { name: /^Queue/ })).toContainText("2");
  const room = page.getByRole("region", { name: "Room" });
  await expect(room).toContainText("Telegram full");
  await expect(room).toContainText("SMS 0 of 5 in use");
  await room.getByRole("button", { name: "Per person" }).click();
  const people = page.getByRole("dialog", { name: "Room per person" });
  await expect(people.getByRole("row", { name: "Grace Hopper" })).toContainText("1 of 1");
  await page.keyboard.press("Escape");

  const channel = page.getByLabel("Channel", { exact: true });
  await channel.selectOption("SMS");
  await expect(page).toHaveURL(/channel=sms/);
  await expect(page.getByRole("heading", { name: "Nothing matches these filters" })).toBeVisible();
  await expect(room).toHaveText(/^SMS 0 of 5 in use/);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByLabel("Client", { exact: true }).selectOption({ index: 1 });
  await expect(page).toHaveURL(/client=/);
  await expect(rows).toHaveText([/Bob Stone/, /Cy Twombly/]);

  const dee = await desk.arrive("Dee Dee");
  await conversationOf(own, desk, dee, "waiting");
  // The last in the queue moves nobody.
  await expect(rows).toHaveCount(3, { timeout: 30_000 });

  watch.expects(`409 POST /v1/projects/${desk.project}/conversations/${ofBob}/claim`);
  await page.getByRole("button", { name: "Claim the conversation of Bob Stone" }).click();
  const ask = page.getByRole("alertdialog", { name: "You are at your limit (0 of 0). Claim anyway?" });
  await ask.getByRole("button", { name: "Claim anyway" }).click();
  await expect(toast(page, "You have this conversation")).toBeVisible();
  await expect(rows).toHaveText([/Cy Twombly/, /Dee Dee/]);
  await expect(page.getByRole("heading", { level: 2, name: "Bob Stone" })).toBeVisible();
  await expect(messages(page).getByText(/claimed it, over the limit/)).toBeVisible();

  // Room that appears drains the queue by itself.
  const { items } = await grace.api.call("GET", `/v1/projects/${desk.project}/conversations?view=mine`);
  await grace.api.call("POST", `/v1/projects/${desk.project}/conversations/${items[0].id}/release`, {});
  await conversationOf(own, desk, cy, "assigned");
});

test("Whoever claims second is told who was first, and answering is for who has it and works on the channel (U606, U605, SPEC E20, E21, E33)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Race Inc");
  const [ana, bo] = [
    await hire(own, { channels: { telegram: 3 } }, { name: "Ana Lopes" }),
    await hire(own, { channels: { telegram: 3 } }, { name: "Bo Diaz" }),
  ];
  for (const person of [ana, bo]) await person.api.call("PUT", "/v1/me/availability", { state: "away" });
  const desk = await openDesk(own, "Race");
  const ada = await desk.arrive("Ada Lovelace");
  const { id } = await conversationOf(own, desk, ada, "waiting");
  const path = `/v1/projects/${desk.project}/conversations/${id}`;
  const page = await browse(ana);
  await page.goto(conversationsOf(own.account, desk.project, "?view=queue"));
  await expect(rowOf(page, ada)).toContainText(/Nobody available handles .+ on Telegram/);
  await bo.api.call("POST", `${path}/claim`, {});
  watch.expects(`409 POST ${path}/claim`);
  await page.getByRole("button", { name: "Claim the conversation of Ada Lovelace" }).click();
  await expect(failure(page, "Bo Diaz took this conversation.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Nothing waits" })).toBeVisible();
  await views(page)
    .getByRole("link", { name: /^Assigned/ })
    .click();
  await rowOf(page, ada).getByRole("link", { name: "Ada Lovelace" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Assigned to Bo Diaz" })).toBeVisible();
  await expect(page.getByLabel("Reply")).toHaveCount(0);

  await own.inviter.call("PATCH", `/v1/members/${ana.id}`, { work: { channels: { sms: 3 } } });
  await bo.api.call("POST", `${path}/requeue`, {});
  await page.reload();
  await expect(page.getByRole("status").filter({ hasText: "Your channels do not include Telegram" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Transfer…" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Claim/ })).toHaveCount(0);
});

test("A conversation is transferred to a member or a team; full members are marked, pending ones cannot be chosen, and it is put back in the queue (U606, U601, SPEC E16, E19, E32, E33, E34)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Transfer Inc");
  const grace = await hire(own, { channels: { telegram: 1 } }, { name: "Grace Hopper" });
  const owner = await equipped(own, own.owner, { channels: { telegram: 3 } });
  await own.inviter.call("POST", "/v1/invitations", {
    email: `late.${grace.email}`,
    name: "Late Comer",
    role: "agent",
    work: { channels: { telegram: 5 } },
  });
  const { name: teamName } = await own.inviter.call("POST", "/v1/teams", { name: "Night shift" });
  await owner.api.call("PUT", "/v1/me/availability", { state: "away" });
  const desk = await openDesk(own, "Transfers");
  await conversationOf(own, desk, await desk.arrive("Ada Lovelace"), "assigned");
  const bob = await desk.arrive("Bob Stone");
  await conversationOf(own, desk, bob, "waiting");
  const page = await browse(own.owner);
  await page.goto(conversationsOf(own.account, desk.project, "?view=queue"));
  await rowOf(page, bob).getByRole("link", { name: "Bob Stone" }).click();
  await page.getByRole("button", { name: "Transfer…" }).click();
  const dialog = page.getByRole("dialog", { name: "Transfer the conversation" });
  const late = dialog.getByRole("radio", { name: "Late Comer" });
  await expect(late).toBeDisabled();
  await expect(late).toHaveAccessibleDescription("Pending: the invitation is not accepted yet");
  await expect(dialog.getByRole("radio", { name: "Grace Hopper" })).toHaveAccessibleDescription("1 of 1");
  await dialog.getByRole("radio", { name: "Grace Hopper" }).check();
  await dialog.getByRole("button", { name: "Transfer" }).click();
  const ask = page.getByRole("alertdialog", { name: "Grace Hopper is at their limit (1 of 1). Assign anyway?" });
  await ask.getByRole("button", { name: "Assign anyway" }).click();
  await expect(toast(page, "The conversation was transferred to Grace Hopper")).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "Assigned to Grace Hopper" })).toBeVisible();

  await page.getByRole("button", { name: "Transfer…" }).click();
  await dialog.getByRole("radio", { name: "A team" }).check();
  await dialog.getByRole("radio", { name: teamName }).check();
  await dialog.getByRole("button", { name: "Transfer" }).click();
  await expect(toast(page, "The conversation was transferred to Night shift")).toBeVisible();
  await expect(messages(page).getByText(/transferred it to Night shift/)).toBeVisible();
  await page.getByLabel("Team", { exact: true }).selectOption("Night shift");
  // The thread stays open.
  await expect(page).toHaveURL(/\/conversations\/[0-9A-Z]{26}\?.*team=/);
  await expect(rowOf(page, bob)).toContainText("Night shift");

  await page.getByRole("button", { name: "Claim" }).first().click();
  await expect(toast(page, "You have this conversation")).toBeVisible();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Requeue" }).click();
  const requeue = page.getByRole("alertdialog", { name: "Put the conversation back in the queue?" });
  await requeue.getByRole("button", { name: "Requeue" }).click();
  await expect(toast(page, "The conversation is back in the queue")).toBeVisible();
  await expect(messages(page).getByText(/put it back in the queue/)).toBeVisible();
});

test("What was typed survives leaving, a long reply is counted, earlier messages load upwards without a jump, and new ones wait behind a button (U604, U605)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Thread Inc");
  const grace = await hire(own, { channels: { telegram: 5 } }, { name: "Grace Hopper" });
  const desk = await openDesk(own, "Threads");
  const ada = await desk.arrive("Ada Lovelace", "Message 1");
  const { id } = await conversationOf(own, desk, ada, "assigned");
  for (let number = 2; number <= 60; number += 1) {
    await grace.api.call("POST", `/v1/projects/${desk.project}/conversations/${id}/messages`, {
      messages: [{ text: `Message ${number}` }],
    });
  }
  const bob = await desk.arrive("Bob Stone");
  await conversationOf(own, desk, bob, "assigned");
  const page = await browse(grace);
  await page.goto(conversationsOf(own.account, desk.project, `/${id}`));
  const last = messages(page).getByText("Message 60", { exact: true });
  await expect(last).toBeInViewport();
  await page.getByLabel("Reply").fill("x".repeat(3_500));
  await expect(page.getByText(/^3,500 of [\d,]+ characters/)).toBeVisible();
  const heights: number[] = [];
  for (const lines of [1, 5, 8, 30]) {
    await page.getByLabel("Reply").fill(Array(lines).fill("A line").join("\n"));
    heights.push(await page.getByLabel("Reply").evaluate(({ clientHeight }) => clientHeight));
  }
  const [one = 0, five = 0, eight = 0, thirty] = heights;
  expect(one < five && five < eight).toBe(true);
  expect(thirty).toBe(eight);
  await expect(page.getByText(/of [\d,]+ characters/)).toHaveCount(0);
  await page.getByLabel("Reply").fill("Half a thought");
  await rowOf(page, bob).getByRole("link", { name: "Bob Stone" }).click();
  await expect(page.getByLabel("Reply")).toHaveValue("");
  await rowOf(page, ada).getByRole("link", { name: "Ada Lovelace" }).click();
  await expect(page.getByLabel("Reply")).toHaveValue("Half a thought");

  const anchor = messages(page).getByText("Message 12", { exact: true });
  await anchor.scrollIntoViewIfNeeded();
  await expect(messages(page).getByText("The conversation begins here")).toBeAttached();
  await expect(anchor).toBeInViewport();
  await desk.say(ada, { name: "door.jpg", mime_type: "image/jpeg" });
  await desk.say(ada, { name: "invoice.pdf", mime_type: "application/pdf" });
  const arrived = page.getByRole("button", { name: "2 new messages" });
  await expect(arrived).toBeVisible({ timeout: 30_000 });
  await expect(anchor).toBeInViewport();
  await arrived.click();
  await expect(messages(page).getByRole("img", { name: "door.jpg" })).toBeInViewport();
  await expect(arrived).toHaveCount(0);
  const download = page.waitForEvent("download");
  await messages(page).getByRole("button", { name: "Download invoice.pdf" }).click();
  expect((await download).suggestedFilename()).toBe("invoice.pdf");
});

test("What the agent hands over waits with the note, and can be given back to it (U604, U606, U601, SPEC E36)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Agent Inc");
  await equipped(own, own.owner, { channels: { telegram: 3 } });
  await own.owner.api.call("PUT", "/v1/me/availability", { state: "away" });
  // The agent answers its connector, and strangers wait for an approval.
  const desk = await Entrance.open(own, "Agents");
  const project = `/v1/projects/${desk.project}`;
  const { environment_id } = await own.inviter.call("GET", `${project}/connectors/${desk.connector}`);
  await own.inviter.call("PATCH", `${project}/environments/${environment_id}`, {
    agent: { endpoint: `${facts.agent_url}/deliveries`, signing_secret: facts.agent_signing_secret },
  });
  const ada = await desk.visit("Ada Lovelace");
  const { id: request } = await desk.request(ada);
  await own.inviter.call("POST", `${project}/access-requests/${request}/approve`, {});
  await desk.say(ada, "Where is my parcel?");
  const page = await browse(own.owner);
  await page.goto(conversationsOf(own.account, desk.project, "?view=agent"));
  await expect(rowOf(page, ada)).toContainText("With the agent", { timeout: 30_000 });
  await rowOf(page, ada).getByRole("link", { name: "Ada Lovelace" }).click();
  await expect(page.getByText("The agent answers here. Your reply is sent as well.")).toBeVisible();
  await expect(messages(page).getByText(/^Ada Lovelace was approved by Ana Lopes/)).toBeVisible();
  await page.getByRole("button", { name: "Hand over to the team" }).click();
  const over = page.getByRole("alertdialog", { name: "Hand the conversation over to the team?" });
  await over.getByRole("button", { name: "Hand over to the team" }).click();
  await expect(toast(page, "The conversation waits for the team")).toBeVisible();
  await expect(messages(page).getByText(/handed the conversation over/)).toBeVisible();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Give back to the agent" }).click();
  const back = page.getByRole("alertdialog", { name: "Give the conversation back to the agent?" });
  await back.getByRole("button", { name: "Give back to the agent" }).click();
  await expect(toast(page, "The agent has the conversation")).toBeVisible();
});

test("On a phone, list, thread and details are shown one at a time (U601, U161)", async ({ browse, team }) => {
  const own = await found(team.owner, "Phone Inc");
  const grace = await hire(own, { channels: { telegram: 5 } }, { name: "Grace Hopper" });
  const desk = await openDesk(own, "Phones");
  const ada = await desk.arrive("Ada Lovelace", "Hello!");
  await conversationOf(own, desk, ada, "assigned");
  const page = await browse(grace, { viewport: PHONE });
  await page.goto(conversationsOf(own.account, desk.project));
  await expect(page.getByLabel("Channel", { exact: true })).toBeHidden();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByLabel("Channel", { exact: true }).selectOption("Telegram");
  await expect(page.getByRole("button", { name: "Filters (1)" })).toBeVisible();
  await rowOf(page, ada).getByRole("link", { name: "Ada Lovelace" }).click();
  await expect(messages(page).getByText("Hello!")).toBeVisible();
  await expect(rowOf(page, ada)).toBeHidden();
  await page.getByRole("link", { name: "Details" }).click();
  await expect(page).toHaveURL(/details=true/);
  await expect(page.getByRole("complementary", { name: "Details" })).toContainText("With the team since");
  await expect(messages(page)).toBeHidden();
  await page.goBack();
  await expect(messages(page).getByText("Hello!")).toBeVisible();
  await page.getByRole("region", { name: "Conversation" }).getByRole("link", { name: "Conversations" }).click();
  await expect(rowOf(page, ada)).toBeVisible();

  await page.setViewportSize({ width: 320, height: 640 });
  const bar = page.getByRole("navigation", { name: "Main" });
  await expect(bar.getByText("Conversations", { exact: true })).toBeVisible();
  const cut = await bar.locator("span").evaluateAll((spans) =>
    // Words for screen readers only have a box of one pixel.
    spans.filter((span) => span.clientWidth > 1 && span.scrollWidth > span.clientWidth).map((span) => span.textContent),
  );
  expect(cut).toEqual([]);
});

test("Conversations: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U141)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Desk Looks Inc");
  await equipped(own, own.owner, { channels: { telegram: 1 } });
  const desk = await openDesk(own, "Looks");
  const ada = await desk.arrive("X".repeat(60), `<b>bold</b> ${"A long message. ".repeat(20)} https://evil.example/`);
  const { id } = await conversationOf(own, desk, ada, "assigned");
  const other = await desk.arrive("محمد بن عبد الله", "مرحبا");
  await conversationOf(own, desk, other, "waiting");
  const page = await browse(own.owner);
  await equip(page);
  await page.goto(conversationsOf(own.account, desk.project, "?view=queue"));
  await expect(rowOf(page, other)).toBeVisible();
  await judge(page, "conversations-queue");
  await page.goto(conversationsOf(own.account, desk.project, `/${id}`));
  await expect(messages(page).getByText("<b>bold</b>")).toBeVisible();
  await expect(messages(page).getByRole("link")).toHaveCount(0);
  await judge(page, "conversations-thread");
  await page.getByRole("button", { name: "Transfer…" }).click();
  const transfer = page.getByRole("dialog", { name: "Transfer the conversation" });
  await expect(transfer).toContainText("Nobody else works on this channel.");
  await expect(transfer.getByRole("button", { name: "Transfer" })).toHaveAttribute("aria-disabled", "true");
  await judge(page, "conversations-transfer");
});
