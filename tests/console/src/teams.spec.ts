import { conversationOf, hire, openDesk } from "./desk.ts";
import { equip, judge } from "./looks.ts";
import { found, join } from "./people.ts";
import { newAddress } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";

test("Teams are made, renamed and deleted; equal names ignoring case are one team, and members stand in the way of a deletion (U510, U507, SPEC E12, E35)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Teams Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "teams"));
  await settled(page, "Teams");
  await expect(page.getByRole("heading", { name: "No teams yet" })).toBeVisible();
  await page.getByRole("button", { name: "New team" }).first().click();
  const form = page.getByRole("dialog", { name: "New team" });
  await form.getByLabel("Name").fill("Night shift");
  await form.getByRole("button", { name: "Create team" }).click();
  await expect(toast(page, "Team Night shift was created")).toBeVisible();
  const teams = page.getByRole("table", { name: "Teams of this account" });
  await expect(teams.getByRole("row", { name: "Night shift" })).toContainText("No members");

  await page.getByRole("button", { name: "New team" }).click();
  await form.getByLabel("Name").fill("NIGHT SHIFT");
  await form.getByRole("button", { name: "Create team" }).click();
  await expect(toast(page, "Team Night shift already exists")).toBeVisible();
  await expect(teams.getByRole("rowheader")).toHaveText(["Night shift"]);

  await page.getByRole("button", { name: "Rename Night shift" }).click();
  await expect(page).toHaveURL(/open=/);
  const rename = page.getByRole("dialog", { name: "Rename Night shift" });
  await rename.getByLabel("Name").fill("Late shift");
  await rename.getByRole("button", { name: "Rename team" }).click();
  await expect(toast(page, "The team is called Late shift")).toBeVisible();

  const { items } = await own.inviter.call("GET", "/v1/teams");
  await hire(own, { teams: [items[0].id] }, { name: "Ida Rhodes" });
  await page.reload();
  const row = teams.getByRole("row", { name: "Late shift" });
  await expect(row).toContainText("1 member");
  await expect(row).toContainText("Ida Rhodes");
  watch.expects(`409 DELETE /v1/teams/${items[0].id}`);
  await page.getByRole("button", { name: "Delete Late shift" }).click();
  const confirm = page.getByRole("alertdialog", { name: "Delete Late shift?" });
  await expect(confirm.getByRole("button", { name: "Cancel" })).toBeFocused();
  await confirm.getByRole("button", { name: "Delete team" }).click();
  await expect(confirm.getByRole("heading", { name: "Take these members out of it first" })).toBeVisible();
  await confirm.getByRole("link", { name: "Ida Rhodes" }).click();
  await settled(page, "Ida Rhodes");
  await page.getByRole("button", { name: "Take Late shift away" }).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(toast(page, "Ida Rhodes was changed")).toBeVisible();

  await page.goto(settings(own.account, "teams"));
  await page.getByRole("button", { name: "Delete Late shift" }).click();
  await confirm.getByRole("button", { name: "Delete team" }).click();
  await expect(toast(page, "Team Late shift was deleted")).toBeVisible();
  await expect(page.getByRole("heading", { name: "No teams yet" })).toBeVisible();
});

test("Channels of connectors stand in the catalogue and stay, others are added by key; a client has channels and a limit for the first reply (U516, U510, SPEC M02, E37)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Channels Inc");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "channels"));
  await settled(page, "Channels");
  const channels = page.getByRole("table", { name: "Channels of this account" });
  const sms = channels.getByRole("row", { name: "SMS" });
  await expect(sms).toContainText("Connectors");
  await expect(sms.getByRole("button", { name: "Delete SMS" })).toHaveAccessibleDescription(
    "Channels of connectors cannot be deleted.",
  );
  await page.getByRole("button", { name: "Add channel" }).click();
  const form = page.getByRole("dialog", { name: "Add channel" });
  await form.getByLabel("Name").fill("Live Chat");
  await form.getByLabel("Key").fill("Live Chat");
  await form.getByRole("button", { name: "Add channel" }).click();
  await expect(form.getByText("A key has 1 to 40 lowercase letters, digits and “_”")).toBeVisible();
  await form.getByLabel("Key").fill("live_chat");
  await form.getByRole("button", { name: "Add channel" }).click();
  await expect(toast(page, "Channel Live Chat was added")).toBeVisible();
  await expect(channels.getByRole("row", { name: "Live Chat" })).toContainText("API");

  await page.goto(settings(own.account, "clients"));
  await settled(page, "Clients");
  await page.getByRole("button", { name: "New client" }).click();
  const client = page.getByRole("dialog", { name: "New client" });
  await client.getByLabel("Name", { exact: true }).fill("Globex");
  await client.getByRole("checkbox", { name: "Live Chat" }).check();
  await client.getByLabel("First reply within (optional)").fill("0");
  await client.getByRole("button", { name: "Create client" }).click();
  await expect(client.getByText(/^Enter whole minutes from 1/)).toBeVisible();
  await client.getByLabel("First reply within (optional)").fill("15");
  await client.getByRole("button", { name: "Create client" }).click();
  await expect(toast(page, "Client Globex was created")).toBeVisible();
  const row = page.getByRole("table", { name: "Clients of this account" }).getByRole("row", { name: "Globex" });
  await expect(row).toContainText("Live Chat");
  await expect(row).toContainText("15 minutes");

  await page.goto(settings(own.account, "channels"));
  await expect(channels.getByRole("row", { name: "Live Chat" })).toContainText("Globex");
});

test("The full form invites with allowed channels, a limit for each, channels by client, a team made by typing, and skills (U504, U505, U506, U507, SPEC E02, E10, E12)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Work Inc");
  await own.inviter.call("POST", "/v1/clients", { name: "Globex", channels: ["sms"] });
  await own.inviter.call("POST", "/v1/clients", { name: "Initech", channels: ["sms", "whatsapp"] });
  const email = newAddress("ida");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "users/new"));
  await settled(page, "Add User");
  await page.getByLabel("Full Name").fill("Ida Rhodes");
  await page.getByLabel("Email Address").fill(email);
  const allowed = page.getByRole("group", { name: "Allowed channels" });
  await allowed.getByRole("checkbox", { name: "SMS" }).check();
  await allowed.getByRole("checkbox", { name: "WhatsApp" }).check();
  await page.getByRole("radio", { name: "Only some clients" }).check();
  await page.getByRole("checkbox", { name: "Globex", exact: true }).check();
  await page.getByRole("checkbox", { name: "Initech", exact: true }).check();
  const table = page.getByRole("table", { name: "Channels by client" });
  const missing = table.getByRole("checkbox", { name: "Globex on WhatsApp" });
  await expect(missing).toBeDisabled();
  await expect(missing).toHaveAccessibleDescription("Not at this client");
  await expect(page.getByText("Give only the channels and clients that this person needs.")).toBeVisible();
  await allowed.getByRole("checkbox", { name: "WhatsApp" }).uncheck();
  await expect(table.getByRole("checkbox", { name: "Initech on WhatsApp" })).toHaveAccessibleDescription("Not allowed");
  await allowed.getByRole("checkbox", { name: "WhatsApp" }).check();
  await table.getByRole("checkbox", { name: "Initech on SMS" }).uncheck();
  await allowed.getByRole("checkbox", { name: "Slack" }).check();
  await allowed.getByRole("checkbox", { name: "Slack" }).uncheck();

  const limits = page.getByRole("group", { name: "Conversations at a time" });
  await expect(limits).toHaveAccessibleDescription(
    /at the same time on each channel, over all clients\. 0 means .* realistic, for example SMS 3, Live Chat 2, Facebook 4\./,
  );
  await expect(limits.getByRole("textbox")).toHaveCount(2);
  await expect(limits.getByLabel("SMS")).toHaveValue("");
  await limits.getByLabel("SMS").fill("3");
  await page.getByRole("button", { name: "Add User" }).click();
  await expect(limits.getByText("Each allowed channel needs a whole number from 0 to 100")).toBeVisible();
  await limits.getByLabel("WhatsApp").fill("101");
  await page.getByRole("button", { name: "Add User" }).click();
  await expect(limits.getByText("Enter a whole number from 0 to 100", { exact: true })).toBeVisible();
  await limits.getByLabel("WhatsApp").fill("0");

  const teams = page.getByRole("combobox", { name: "Teams (optional)" });
  await expect(page.getByText(/^Teams serve routing and structure/)).toBeVisible();
  await teams.fill("Night shift");
  await expect(page.getByRole("listbox").getByRole("option").last()).toHaveText("Create “Night shift”");
  await teams.press("Enter");
  await expect(page.getByRole("list", { name: "Teams" })).toContainText("Night shift");
  await teams.fill("night SHIFT");
  await expect(page.getByRole("option", { name: /Create/ })).toHaveCount(0);
  await teams.press("Escape");
  const skills = page.getByRole("combobox", { name: "Skills (optional)" });
  await skills.fill("Spanish");
  await skills.press("Enter");
  await page.getByRole("button", { name: "Add User" }).click();
  await expect(toast(page, `Invitation sent to ${email}`)).toBeVisible();

  const { items: members } = await own.inviter.call("GET", "/v1/members?status=pending");
  const { items: all } = await own.inviter.call("GET", "/v1/teams");
  const { items: clients } = await own.inviter.call("GET", "/v1/clients");
  const initech = clients.find((one: { name: string }) => one.name === "Initech").id;
  expect(members[0].work).toEqual({
    channels: { sms: 3, whatsapp: 0 },
    client_channels: { [initech]: ["whatsapp"] },
    teams: [all[0].id],
    skills: ["Spanish"],
  });
});

test("Taking an allowed channel away says which clients lose it, and its limit, before it is saved; list, form and removal tell the load (U505, U501, U506, U508, SPEC E08)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Prune Inc");
  const client = await own.inviter.call("POST", "/v1/clients", { name: "Globex", channels: ["sms", "whatsapp"] });
  const { id: night } = await own.inviter.call("POST", "/v1/teams", { name: "Night shift" });
  const work = { channels: { sms: 3, whatsapp: 2 }, client_channels: { [client.id]: ["sms"] }, teams: [night] };
  const person = await join(own, { name: "Ida Rhodes", clients: [client.id] });
  const { account } = await person.api.call("GET", "/v1/me");
  await own.inviter.call("PATCH", `/v1/members/${account.member_id}`, { work });
  const busy = await hire(own, { channels: { telegram: 3 } }, { name: "Mary Jackson" });
  const desk = await openDesk(own, "Help desk");
  await conversationOf(own, desk, await desk.arrive("Ada Lovelace"), "assigned");
  const page = await browse(own.owner);
  await page.goto(settings(own.account, "users"));
  await settled(page, "User Management");
  await expect(page.getByRole("row", { name: busy.email })).toContainText("Telegram 1/3");
  await page.getByRole("button", { name: "Remove Mary Jackson" }).click();
  const remove = page.getByRole("alertdialog", { name: "Remove Mary Jackson?" });
  await expect(remove).toContainText(
    "Mary Jackson loses access at once; 1 conversation goes back to the queue. They can be invited again at any time.",
  );
  await remove.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("link", { name: "Edit Mary Jackson" }).click();
  await settled(page, "Mary Jackson");
  const given = page.getByRole("group", { name: "Conversations at a time" }).getByLabel("Telegram");
  await expect(given).toHaveAccessibleDescription("1 open now");
  await given.fill("0");
  await expect(given).toHaveAccessibleDescription("1 open now; nothing is taken away");
  await given.fill("3");
  await page.goto(settings(own.account, "users"));
  await settled(page, "User Management");
  await page.getByLabel("Team").selectOption("Night shift");
  await expect(page).toHaveURL(/team=/);
  const row = page.getByRole("row", { name: person.email });
  await expect(row).toContainText("Night shift");
  await expect(row).toContainText("SMS 0/3 · WhatsApp 0/2");
  await page.getByRole("link", { name: "Edit Ida Rhodes" }).click();
  await settled(page, "Ida Rhodes");
  const allowed = page.getByRole("group", { name: "Allowed channels" });
  await allowed.getByRole("checkbox", { name: "SMS" }).uncheck();
  await expect(page.getByText("Saving takes this away:")).toBeVisible();
  await expect(page.getByText("SMS: its limit of 3, and Globex loses it.")).toBeVisible();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(toast(page, "Ida Rhodes was changed")).toBeVisible();
  await expect(page.getByText("Saving takes this away:")).toHaveCount(0);
  const saved = await own.inviter.call("GET", `/v1/members/${account.member_id}`);
  expect(saved.work.channels).toEqual({ whatsapp: 2 });
  expect(saved.work.client_channels).toEqual({ [client.id]: [] });
});

test("The person menu sets one's availability and pauses a channel, at once and for good (U104, U130, SPEC E34)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Away Inc");
  const person = await hire(own, { channels: { sms: 3 } }, { name: "Ida Rhodes" });
  const page = await browse(person);
  await page.goto(settings(own.account, "users"));
  const menu = page.getByRole("button", { name: "Ida Rhodes, your menu, Available" });
  await menu.click();
  await page.getByRole("menuitem", { name: "Pause SMS" }).click();
  await menu.click();
  await expect(page.getByRole("menuitem", { name: "Pause SMS" }).locator("svg")).toBeVisible();
  await page.getByRole("menuitem", { name: "Away" }).click();
  await expect(page.getByRole("button", { name: "Ida Rhodes, your menu, Away" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Ida Rhodes, your menu, Away" })).toBeVisible();
  expect(await person.api.call("GET", "/v1/me/availability")).toMatchObject({ state: "away", paused: ["sms"] });
});

test("Teams, channels and the forms of work: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Work Looks Inc");
  const { id: long } = await own.inviter.call("POST", "/v1/teams", { name: "X".repeat(90) });
  const { id: arabic } = await own.inviter.call("POST", "/v1/teams", { name: "فريق الليل" });
  const { id } = await hire(own, { channels: { sms: 3, whatsapp: 100 }, teams: [long, arabic], skills: ["日本語"] });
  const page = await browse(own.owner);
  await equip(page);
  for (const [address, heading] of [
    ["teams", "Teams"],
    ["channels", "Channels"],
    [`users/${id}`, /Mary Jackson/],
  ] as const) {
    await page.goto(settings(own.account, address));
    await settled(page, heading);
    await judge(page, `work-${address.split("/")[0]}`);
  }
});
