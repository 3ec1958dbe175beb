import type { Page } from "@playwright/test";
import { equip, judge } from "./looks.ts";
import { found, join } from "./people.ts";
import { Entrance, newBot, registerBot, requestsOf } from "./requests.ts";
import { eventually } from "./stack.ts";
import { expect, settled, test, toast } from "./test.ts";

/** The address of a page of a project. */
const inProject = (account: string, project: string, rest: string) => `/console/a/${account}/p/${project}/${rest}`;

/** The button that saves one section of a connector. */
const saveOf = (page: Page, title: string) =>
  page
    .locator("section")
    .filter({ has: page.getByRole("heading", { level: 2, name: title, exact: true }) })
    .getByRole("button", { name: "Save", exact: true });

const cardOf = (page: Page, name: string) => page.getByRole("article", { name });

test("A card tells where a connector stands, and its toggle turns onboarding off and on after a question that names whom it concerns (U301, U302, U303, U304, U306, U130, U137, U143, SPEC A02, A03, A05, A16, A17, A18, A19, A20, A42)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Cards Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const ada = await entrance.visit("Ada Lovelace");
  const page = await browse(own.owner);
  await page.goto(inProject(own.account, entrance.project, "connectors"));
  await settled(page, "Connectors");
  const card = cardOf(page, "Help desk bot");
  for (const words of [
    "Telegram",
    "Production",
    "Answered by",
    "Agent",
    "Connected",
    "New people need approval before they reach the agent.",
  ]) {
    await expect(card).toContainText(words);
  }
  await expect(card.getByRole("link", { name: "1 pending request" })).toHaveAttribute(
    "href",
    new RegExp(`/requests\\?connector=${entrance.connector}$`),
  );
  await card.getByText("When to leave it off").click();
  await expect(card.getByRole("group").getByRole("listitem")).toHaveCount(3);

  // The platform's people, and what keeps one of them out, are one menu away.
  await card.getByRole("button", { name: "More actions for Help desk bot" }).click();
  await expect(page.getByRole("menuitem", { name: "People on this platform" })).toHaveAttribute(
    "href",
    new RegExp(`/p/${entrance.project}/people\\?provider=telegram$`),
  );
  await page.getByRole("menuitem", { name: "Explain…" }).click();
  const explanation = page.getByRole("dialog", { name: "Who can talk here?" });
  await explanation.getByLabel("Identifier").fill(ada.identifier);
  await explanation.getByRole("button", { name: "Explain" }).click();
  await expect(explanation).toContainText(/Ada Lovelace cannot talk here yet: a request is pending since .+ UTC\./);
  await explanation.getByRole("button", { name: "Close" }).click();

  const toggle = card.getByRole("switch", { name: "Onboarding" });
  await expect(toggle).toBeChecked();
  await toggle.click();
  const off = page.getByRole("alertdialog", { name: "Turn onboarding off?" });
  await expect(off).toContainText(
    "1 pending request will be closed as rejected. Nobody is told. Everybody who writes reaches the agent.",
  );
  await expect(off.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(page).toHaveURL(/toggle=/);
  await off.getByRole("button", { name: "Turn off" }).click();
  await expect(toast(page, "Onboarding is off for Help desk bot")).toBeVisible();
  await expect(toggle).not.toBeChecked();
  await expect(card).toContainText("Anybody on the platform reaches the agent at once.");

  // Somebody who comes in meanwhile is one of those who already wrote.
  const bo = await entrance.arrive("Bo Lindqvist");
  await eventually("Bo is let in", async () => {
    // The webhook remembers a connector for ten seconds.
    await entrance.say(bo, "Anybody there?");
    const path = `/v1/projects/${entrance.project}/chat-users?status=active`;
    const { items } = await own.inviter.call("GET", path);
    return items.some(({ identifier }: { identifier: string }) => identifier === bo.identifier) || undefined;
  });
  await toggle.click();
  const on = page.getByRole("dialog", { name: "Turn onboarding on?" });
  await expect(on.getByRole("group", { name: "People who already wrote here (1)" })).toBeVisible();
  await expect(on.getByRole("radio", { name: "Keep access" })).toBeChecked();
  await expect(on.getByRole("radio", { name: "Require approval" })).toBeVisible();
  const message = on.getByLabel("Onboarding Message");
  await expect(message).not.toBeEmpty();
  await expect(message).toHaveAccessibleDescription(/being reviewed.*how long.*contact.*It is sent once/s);
  await message.fill("");
  await on.getByRole("button", { name: "Turn on" }).click();
  await expect(message).toBeFocused();
  await expect(message).toHaveAccessibleDescription(/^Enter the message that new people get/);
  await message.fill("x".repeat(4097));
  await expect(on.getByText(/^4,097 of [\d,]+ characters$/)).toBeVisible();
  await on.getByRole("button", { name: "Turn on" }).click();
  await expect(message).toHaveAccessibleDescription(/^A message here has at most [\d,]+ characters/);
  await message.fill("Ana looks at your request today.");
  await expect(on.getByRole("figure")).toContainText("Ana looks at your request today.");
  await on.getByRole("button", { name: "Turn on" }).click();
  await expect(toast(page, "Onboarding is on for Help desk bot")).toBeVisible();
  await expect(toggle).toBeChecked();
  const now = await own.inviter.call("GET", `/v1/projects/${entrance.project}/connectors/${entrance.connector}`);
  expect(now).toMatchObject({ policy: "OnBoarding", onboarding_message: "Ana looks at your request today." });
  await page.goto(requestsOf(own.account, entrance.project, "?tab=history"));
  const closed = page.getByRole("list", { name: "Access requests" }).getByRole("listitem");
  await expect(closed.filter({ hasText: "Ada Lovelace" })).toContainText("Onboarding was turned off");
});

test("A connector is configured section by section: a save of one leaves what is typed in another, a conflict is asked about, stored secrets stay unseen, and deleting says what is lost (U305, U304, U131, U132, U133, U134, U137, SPEC A04b, A44, A46, A52)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Sections Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const ada = await entrance.visit("Ada Lovelace");
  const path = `/v1/projects/${entrance.project}/connectors/${entrance.connector}`;
  const page = await browse(own.owner);
  await page.goto(inProject(own.account, entrance.project, `connectors/${entrance.connector}`));
  await settled(page, "Help desk bot");
  const titles = ["General", "Credentials", "Onboarding", "Conversations", "Webhook"];
  await expect(page.getByRole("heading", { level: 2 })).toHaveText(titles);
  await page.getByLabel("Onboarding Message").fill("Wait for Ana.");
  await page.getByLabel("Name", { exact: true }).fill("Orders bot");
  await saveOf(page, "General").click();
  await expect(toast(page, "Orders bot was saved")).toBeVisible();
  await expect(page.getByLabel("Onboarding Message")).toHaveValue("Wait for Ana.");

  await expect(page.getByRole("group", { name: "After approval" }).getByRole("checkbox")).toHaveCount(2);
  await expect(page.getByRole("checkbox", { name: "Tell the user" })).toBeChecked();
  await page.getByRole("checkbox", { name: "Hand over the first message" }).check();
  await page.getByLabel("Cool-down (hours)").fill("soon");
  await saveOf(page, "Onboarding").click();
  await expect(page.getByLabel("Cool-down (hours)")).toBeFocused();
  await page.getByLabel("Cool-down (hours)").fill("0");
  await page.getByLabel(/^Expiry \(days\)/).fill("30");
  await page.getByLabel("New requests a minute").fill("20");
  await saveOf(page, "Onboarding").click();
  await expect
    .poll(() => own.inviter.call("GET", path))
    .toMatchObject({
      name: "Orders bot",
      onboarding_message: "Wait for Ana.",
      after_approval: "both",
      request_cooldown_seconds: 0,
      requests_expire_after_days: 30,
      new_requests_per_minute: 20,
    });

  // A52: people whose platform tells their language get the text in it.
  await page.getByText("Onboarding Message in other languages", { exact: true }).click();
  await page.getByRole("button", { name: "Add language" }).first().click();
  await expect(page.getByLabel("Language tag")).toBeFocused();
  await page.getByLabel("Language tag").fill("de");
  await saveOf(page, "Onboarding").click();
  await expect(page.getByText("Enter the text in German, or remove it")).toBeVisible();
  await page.getByLabel("Text in German").fill("Bitte warten Sie auf Ana.");
  await saveOf(page, "Onboarding").click();
  await expect
    .poll(() => own.inviter.call("GET", path))
    .toMatchObject({ onboarding_messages: { de: "Bitte warten Sie auf Ana." } });

  // E36: members answer, and people who wait for them are told so.
  await page.getByRole("radio", { name: "Team", exact: true }).check();
  await page.getByLabel(/^Notice while waiting/).fill("Somebody is with you soon.");
  await page.getByRole("checkbox", { name: "Show who replies" }).check();
  await saveOf(page, "Conversations").click();
  await expect
    .poll(() => own.inviter.call("GET", path))
    .toMatchObject({
      handler: "team",
      team_id: null,
      skills: [],
      shows_author: true,
      queue_notice: "Somebody is with you soon.",
    });

  // A secret is never shown; the stored one stays unless another is typed.
  await expect(page.getByText("Set", { exact: true }).first()).toBeVisible();
  await page.getByRole("button", { name: "Replace Bot token" }).click();
  await expect(page.getByLabel("New Bot token")).toBeFocused();
  await expect(page.getByLabel("New Bot token")).toBeEmpty();
  await page.getByRole("button", { name: "Keep the stored one" }).click();

  await page.getByLabel("Name", { exact: true }).fill("My bot");
  await own.inviter.call("PATCH", path, { name: "Their bot" });
  watch.expects(`412 PATCH ${path}`);
  await saveOf(page, "General").click();
  const conflict = page.getByRole("dialog", { name: /changed this while you were editing\.$/ });
  await expect(conflict.getByRole("row", { name: "Name" })).toContainText("Their bot");
  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await settled(page, "My bot");

  await page.getByLabel("Name", { exact: true }).fill("Forgotten");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "People" }).click();
  await page
    .getByRole("alertdialog", { name: "Discard changes?" })
    .getByRole("button", { name: "Keep editing" })
    .click();
  await page.getByLabel("Name", { exact: true }).fill("My bot");

  await expect(page.locator("code").filter({ hasText: entrance.connector }).first()).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "@BotFather" }).first()).toBeVisible();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await expect(page.getByRole("strong").filter({ hasText: "It works" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Connect", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Rotate secret" }).click();
  const rotate = page.getByRole("alertdialog", { name: "Rotate the webhook secret?" });
  await rotate.getByRole("button", { name: "Rotate secret" }).click();
  await expect(page.getByText(/^Kept until \d+ \w+ \d{4}, \d\d:\d\d$/)).toBeVisible();

  await page.getByRole("button", { name: "Switch to directory only…" }).click();
  const directory = page.getByRole("alertdialog", { name: "Switch to directory only?" });
  await expect(directory).toContainText("1 pending request will be closed as rejected. Nobody is told.");
  await directory.getByRole("button", { name: "Switch" }).click();
  await expect(page.getByText("Directory only", { exact: true })).toBeVisible();
  await expect(page.getByRole("switch", { name: "Onboarding" })).toHaveCount(0);
  await expect(page.getByLabel("Onboarding Message")).toHaveCount(0);

  await entrance.request(ada, "rejected");
  await page.reload();
  await settled(page, "My bot");
  await page.getByRole("button", { name: "Delete connector…" }).click();
  const question = page.getByRole("alertdialog", { name: "Delete My bot?" });
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(question).toContainText("No request is pending.");
  // Whoever wants something dangerous sees first what changed.
  await own.inviter.call("PATCH", path, { name: "Their bot" });
  watch.expects(`412 DELETE ${path}`);
  await question.getByRole("button", { name: "Delete connector", exact: true }).click();
  const again = page.getByRole("alertdialog", { name: "Delete Their bot?" });
  await expect(again.getByRole("alert")).toContainText("Somebody changed this meanwhile");
  await again.getByRole("button", { name: "Delete connector", exact: true }).click();
  await expect(toast(page, "Their bot was deleted")).toBeVisible();
  await settled(page, "Connectors");
  await expect(page.getByRole("heading", { level: 2, name: "No connectors yet" })).toBeVisible();
});

test("A new connector is made step by step, each with an address; a failed test marks the field that it names (U307, U306, U110, U111, U133, SPEC A04, A35)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Walk Inc");
  const { id: project } = await own.inviter.call("POST", "/v1/projects", { name: "Help desk" });
  const page = await browse(own.owner);
  await page.goto(inProject(own.account, project, "connectors"));
  await settled(page, "Connectors");
  await page.getByRole("link", { name: "New connector" }).first().click();
  await settled(page, "New connector");
  await page.getByRole("link", { name: "Telegram" }).click();
  await settled(page, "New connector: Telegram");
  await expect(page).toHaveURL(/\/connectors\/new\/telegram$/);
  const steps = page.getByRole("navigation", { name: "Steps to a connector" }).getByRole("listitem");
  await expect(steps).toHaveText(["Credentials", "Address", "Test", "Access"]);

  await page.getByRole("button", { name: "Create connector" }).click();
  await expect(page.getByText("3 fields need another look")).toBeVisible();
  await expect(page.getByLabel("Bot token")).toHaveAccessibleDescription(/@BotFather/);
  await page.getByLabel("Name", { exact: true }).fill("Orders bot");
  await page.getByLabel("Environment", { exact: true }).selectOption("Production");
  const bot = newBot();
  await page.getByLabel("Bot token").fill(newBot().bot_token);
  await page.getByRole("button", { name: "Create connector" }).click();
  await expect(toast(page, "Orders bot was created")).toBeVisible();
  await expect(page).toHaveURL(/step=address/);
  const { items } = await own.inviter.call("GET", `/v1/projects/${project}/connectors`);
  await registerBot(items[0], bot);
  await expect(page.locator("code").filter({ hasText: items[0].id })).toBeVisible();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(/step=test/);
  await page.reload();
  await settled(page, "New connector: Telegram");

  await page.getByRole("button", { name: "Test", exact: true }).click();
  await expect(page.getByRole("strong").filter({ hasText: "The platform refuses" })).toBeVisible();
  await expect(page.getByText("Look at “Bot token” in the credentials.")).toBeVisible();
  const token = page.getByLabel("New Bot token");
  await expect(token).toBeFocused();
  await expect(token).toHaveAttribute("aria-invalid", "true");
  await token.fill(bot.bot_token);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("strong").filter({ hasText: "It works" })).toBeVisible();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(/step=policy/);
  await expect(page.getByRole("radio", { name: "Everybody" })).toBeChecked();
  await expect(page.getByText("When to leave it off")).toBeVisible();
  await page.getByRole("radio", { name: "Approved people" }).check();
  await expect(page.getByLabel("Onboarding Message")).not.toBeEmpty();
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(toast(page, "Orders bot is set up")).toBeVisible();
  await expect(cardOf(page, "Orders bot").getByRole("switch", { name: "Onboarding" })).toBeChecked();
  await expect(cardOf(page, "Orders bot")).toContainText("Not connected yet");

  // People of a customer's own system are known by channel and client, so that both stay.
  await own.inviter.call("POST", "/v1/channels", { key: "live_chat" });
  const shop = await own.inviter.call("POST", `/v1/projects/${project}/connectors`, {
    name: "Shop chat",
    provider: "api",
    environment_id: items[0].environment_id,
    policy: "AllowList",
    api: {
      channel: "live_chat",
      reply_url: "https://chat.example.com/replies",
      signing_secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
    },
  });
  const lost = { name: "Lost bot", provider: "telegram", environment_id: items[0].environment_id, telegram: newBot() };
  const { id: broken } = await own.inviter.call("POST", `/v1/projects/${project}/connectors`, lost);
  await own.inviter.call("POST", `/v1/projects/${project}/connectors/${broken}/test`);
  await page.reload();
  await expect(cardOf(page, "Lost bot")).toContainText("Credentials do not work");
  await expect(cardOf(page, "Shop chat")).toContainText("Directory only");
  await expect(cardOf(page, "Shop chat").getByRole("switch")).toHaveCount(0);
  await page.goto(inProject(own.account, project, `connectors/${shop.id}`));
  await settled(page, "Shop chat");
  for (const [label, value] of [
    ["Channel", "live_chat"],
    ["Client", /./],
  ] as const) {
    const field = page.getByLabel(label, { exact: true });
    await expect(field).toHaveValue(value);
    await expect(field).not.toBeEditable();
    await expect(field).toHaveAccessibleDescription(/so it stays\. Create another connector/);
  }
});

test("Pages of connectors: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px; who may not change them only looks (U151, U160, U161, U105, U301, U305, U307)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Looks Inc");
  const entrance = await Entrance.open(own, "Help desk with a name that is too long for one line of a phone");
  await entrance.visit("Ada Lovelace");
  const page = await browse(own.owner);
  await equip(page);
  for (const [name, rest] of [
    ["connectors", "connectors"],
    ["connectors-toggle", `connectors?toggle=${entrance.connector}`],
    ["connector", `connectors/${entrance.connector}`],
    ["connector-new", "connectors/new"],
    ["connector-new-fields", "connectors/new/twilio"],
    ["connector-new-address", `connectors/new/telegram?connector=${entrance.connector}&step=address`],
    ["connector-new-policy", `connectors/new/telegram?connector=${entrance.connector}&step=policy`],
  ] as const) {
    await test.step(name, async () => {
      await page.goto(inProject(own.account, entrance.project, rest));
      await settled(page);
      if (name === "connectors-toggle") await expect(page.getByRole("alertdialog")).toContainText("1 pending request");
      await judge(page, name);
    });
  }

  const agent = await browse(await join(own, { name: "Grace Hopper" }));
  const theirs = await Entrance.open(own, "Agents' desk");
  await agent.goto(inProject(own.account, theirs.project, "connectors"));
  await settled(agent, "Connectors");
  await expect(agent.getByRole("switch", { name: "Onboarding" })).toBeDisabled();
  await expect(agent.getByRole("link", { name: "New connector" })).toHaveCount(0);
  await agent.getByRole("link", { name: "Configure Agents' desk bot" }).click();
  await expect(agent.getByText("You see this without being able to change it.")).toBeVisible();
  await expect(agent.getByRole("button", { name: "Save", exact: true })).toHaveCount(0);
  await agent.goto(inProject(own.account, theirs.project, "connectors/new"));
  await expect(agent.getByRole("heading", { level: 1 })).toHaveText("You may not see this page");
});
