import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { equip, judge } from "./looks.ts";
import { found } from "./people.ts";
import { Entrance, requestsOf, type Stranger } from "./requests.ts";
import { Caller, PASSWORD } from "./stack.ts";
import { expect, settled, test, toast } from "./test.ts";

/** The row of somebody's request. */
const rowOf = (page: Page, { name }: Pick<Stranger, "name">) =>
  page.getByRole("list", { name: "Access requests" }).getByRole("listitem").filter({ hasText: name });

const tabs = (page: Page) => page.getByRole("navigation", { name: "Requests by state" });

test("A stranger's request is listed with what they wrote, opened in full, and approved with a note; they are told, and their access can be revoked (U201, U202, U204, U205, U206, U209, U110, U113, SPEC B01, B05, B08, B16, B18, B33)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Entrance Inc");
  const entrance = await Entrance.open(own, "Help desk");
  const ada = await entrance.visit("Ada Lovelace", "Is this where I ask about an invoice?");
  const page = await browse(own.owner);
  // The console begins with the requests of the project.
  await page.goto(`/console/a/${own.account}`);
  await settled(page, "Access Requests");
  await expect(page).toHaveTitle("(1) Access Requests · Help desk · Vestibule");
  await expect(page.getByText("The requests of all connectors that ask for approval.")).toBeVisible();
  await expect(tabs(page).getByRole("link")).toHaveText([/^Pending\s*1$/, /^Approved\s*0$/]);
  const entry = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Access Requests" });
  await expect(entry).toContainText("1");
  await expect(entry.locator("svg")).toBeVisible();

  const row = rowOf(page, ada);
  await expect(row).toContainText(ada.identifier);
  await expect(row).toContainText("Telegram");
  await expect(row).toContainText("Help desk bot");
  await expect(row).toContainText("Production");
  await expect(row).toContainText("Direct message");
  await expect(row).toContainText(/1 message, last/);
  await expect(row).toContainText("“Is this where I ask about an invoice?”");

  await row.getByRole("link", { name: "Ada Lovelace" }).click();
  const panel = page.getByRole("dialog", { name: "Ada Lovelace" });
  await expect(panel.getByRole("term")).toContainText([
    "User Name",
    "Identifier",
    "Provider",
    "Connector",
    "Conversation",
    "Status",
    "Created At",
  ]);
  await expect(panel.getByText("Processed By")).toHaveCount(0);
  await expect(panel.getByText(/^Onboarding message (sent|is on its way)/)).toBeVisible();
  await expect(page).toHaveURL(/\/requests\/[0-9A-Z]{26}$/);
  await page.reload();
  await expect(panel).toBeVisible();
  await panel.getByRole("button", { name: "Close" }).click();
  await expect(row.getByRole("link", { name: "Ada Lovelace" })).toBeFocused();

  await page.keyboard.press("a");
  await expect(row.getByLabel("Note (optional)")).toBeFocused();
  await expect(page).toHaveURL(/approve=/);
  await expect(row.getByRole("group", { name: "Directory" }).getByRole("radio")).not.toHaveCount(0);
  const choices = ["Add as new user", "Add to existing user", "Do not add"];
  for (const name of choices) await expect(row.getByRole("radio", { name })).toBeVisible();
  await row.getByLabel("Note (optional)").fill("x".repeat(3600));
  await expect(row.getByText("3,600 of 4,000 characters")).toBeVisible();
  await row.getByLabel("Note (optional)").fill("x".repeat(4001));
  await page.keyboard.press("Control+Enter");
  await expect(row.getByLabel("Note (optional)")).toHaveAccessibleDescription(/^Use at most 4,000 characters/);
  await row.getByLabel("Note (optional)").fill("");
  await page.keyboard.type("A customer of ours");
  await page.keyboard.press("Control+Enter");
  await expect(toast(page, "Ada Lovelace can interact with the agent")).toBeVisible();
  await expect(row).toHaveCount(0);
  await expect(tabs(page).getByRole("link")).toHaveText([/^Pending\s*0$/, /^Approved\s*1$/]);
  await expect(page.getByRole("heading", { name: "No pending requests" })).toBeVisible();

  await toast(page, "Ada Lovelace can interact").getByRole("link", { name: "View" }).click();
  await expect(panel.getByText("A customer of ours")).toBeVisible();
  await expect(panel.getByText(own.owner.name)).toBeVisible();
  await expect(panel.getByRole("term").filter({ hasText: /^Process/ })).toHaveText([
    "Processed By",
    "Processed At",
    "Processing Note",
  ]);
  await panel.getByRole("button", { name: "Close" }).click();
  // The notice goes out a moment after the approval.
  await expect(async () => {
    await page.reload();
    await expect(rowOf(page, ada)).toContainText(/Told at \d\d:\d\d/, { timeout: 2_000 });
  }).toPass();
  await page.getByRole("button", { name: "Revoke access of Ada Lovelace…" }).click();
  const ask = page.getByRole("alertdialog", { name: "Revoke access of Ada Lovelace?" });
  await expect(ask.getByText("Ada Lovelace goes back to onboarding in Production.")).toBeVisible();
  await expect(ask.getByRole("button", { name: "Cancel" })).toBeFocused();
  await ask.getByRole("button", { name: "Revoke access" }).click();
  await expect(toast(page, "Ada Lovelace is back in onboarding")).toBeVisible();
  await expect(rowOf(page, ada)).toContainText("Access revoked");
  await expect(page.getByRole("button", { name: "Revoke access of Ada Lovelace…" })).toHaveCount(0);
  await expect(tabs(page).getByRole("link")).toHaveText([/^Pending\s*0$/, /^Approved\s*1$/]);
});

test("A rejection says when a new request is possible, stands in the history, and a session that ends midway loses no note (U207, U202, U135, SPEC B22)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Rejecting Inc");
  const entrance = await Entrance.open(own, "Front door");
  const bob = await entrance.visit("Bob Stone");
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  await page.getByRole("button", { name: "Reject Bob Stone" }).click();
  const row = rowOf(page, bob);
  await expect(row.getByText(/^They stay without access, and nobody is told\./)).toContainText(
    "If they write again, a new request is possible in 24 hours. They can be approved later from their profile.",
  );
  await page.keyboard.type("Known as a spammer");
  await page.keyboard.press("Escape");
  const discard = page.getByRole("alertdialog", { name: "Discard changes?" });
  await discard.getByRole("button", { name: "Keep editing" }).click();
  await expect(row.getByLabel("Note (optional)")).toHaveValue("Known as a spammer");

  const { id } = await entrance.request(bob);
  const path = `/v1/projects/${entrance.project}/access-requests`;
  watch.expectsSome(`401 POST ${path}/${id}/reject`);
  watch.allows(`401 GET ${path}/counts`);
  await page.context().clearCookies();
  await row.getByRole("button", { name: "Reject", exact: true }).click();
  const ended = page.getByRole("dialog", { name: "Your session ended. Sign in to go on." });
  await ended.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await ended.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(toast(page, "Bob Stone rejected")).toBeVisible();
  await page.getByRole("link", { name: "History" }).click();
  await expect(rowOf(page, bob)).toContainText("Rejected");
  await rowOf(page, bob).getByRole("link", { name: "Bob Stone" }).click();
  await expect(page.getByRole("dialog", { name: "Bob Stone" }).getByText("Known as a spammer")).toBeVisible();
});

test("The list is searched, filtered and ordered, each in the address, new requests wait for “Show”, and the list is exported as filtered (U203, U215, U124, U111, SPEC B34, B41)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Searching Inc");
  const entrance = await Entrance.open(own, "Searches");
  const [ada, bob] = [await entrance.visit("Ada Lovelace"), await entrance.visit("Bob Stone")];
  await entrance.indexed(ada);
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  const rows = page.getByRole("list", { name: "Access requests" }).getByRole("listitem");
  // Whoever waits longest comes first.
  await expect(rows).toHaveText([/Ada Lovelace/, /Bob Stone/]);
  await page.getByLabel("Order").selectOption("Newest first");
  await expect(rows).toHaveText([/Bob Stone/, /Ada Lovelace/]);
  await expect(page).toHaveURL(/order=newest/);
  await page.getByLabel("Search by name or identifier").fill("lovelace");
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/q=lovelace/);
  await page.reload();
  await expect(rows).toHaveText([/Ada Lovelace/]);

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = readFileSync(await (await download).path(), "utf8");
  expect(file).toContain(ada.name);
  expect(file).not.toContain(bob.name);

  await page.getByLabel("Search by name or identifier").fill("nobody of this name");
  await expect(page.getByRole("heading", { name: "Nothing matches these filters" })).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  const ages = ["Any age", "Last 24 hours", "7 days", "30 days", "Dates…"];
  await expect(page.getByLabel("Age").getByRole("option")).toHaveText(ages);
  await page.getByLabel("Age").selectOption("Last 24 hours");
  await page.getByLabel("Provider").selectOption("Telegram");
  await expect(rows).toHaveCount(2);
  await expect(page).toHaveURL(/age=1d/);

  await entrance.visit("Cy Twombly");
  await expect(page.getByRole("main").getByText("1 new request", { exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(rows).toHaveCount(2);
  await page.keyboard.press(".");
  await expect(rows).toHaveCount(3);
  await tabs(page)
    .getByRole("link", { name: /^Approved/ })
    .click();
  await expect(page.getByLabel("Order")).toHaveValue("newest");
});

test("Two admins decide one request: the second is told who was first; a blocked person is unblocked to be approved, and others are decided together (U210, U211, U150, SPEC B30, B32)", async ({
  browse,
  team,
  watch,
}) => {
  const own = await found(team.owner, "Two Inc");
  const entrance = await Entrance.open(own, "Both");
  const [ada, bob, cy, dee, eve] = [
    await entrance.visit("Ada Lovelace"),
    await entrance.visit("Bob Stone"),
    await entrance.visit("Cy Twombly"),
    await entrance.visit("Dee Dee"),
    await entrance.visit("Eve Fox"),
  ];
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  await page.getByRole("button", { name: "Approve Ada Lovelace" }).click();
  const first = await entrance.request(ada);
  const base = `/v1/projects/${entrance.project}`;
  // The key of the account stands for another admin.
  const { key } = await own.inviter.call("POST", "/v1/api-keys", {
    name: "Night shift",
    permissions: ["access_requests.read", "access_requests.decide", "chat_users.block"],
  });
  const other = new Caller({ authorization: `Bearer ${key}` });
  await other.call("POST", `${base}/access-requests/${first.id}/reject`, {});
  await expect(rowOf(page, ada).getByLabel("Note (optional)")).toBeFocused();
  // On a slow machine, a poll may tell before the answer does.
  watch.allows(`409 POST ${base}/access-requests/${first.id}/approve`);
  await page.keyboard.press("Control+Enter");
  await expect(rowOf(page, ada)).toContainText(/Rejected by .+ at \d\d:\d\d/);
  await expect(rowOf(page, ada)).toHaveCount(0, { timeout: 20_000 });

  const second = await entrance.request(bob);
  await own.inviter.call("POST", `${base}/chat-users/${second.chat_user_id}/block`, {});
  await page.reload();
  await expect(rowOf(page, bob)).toContainText("Blocked");
  await page.getByRole("button", { name: "Approve Bob Stone" }).click();
  await expect(rowOf(page, bob).getByText("Blocked. Unblock to approve.")).toBeVisible();
  await page.getByRole("button", { name: "Unblock and approve" }).click();
  await expect(toast(page, "Bob Stone can interact with the agent")).toBeVisible();

  await page.getByRole("checkbox", { name: /^Select all rows/ }).check();
  await expect(page.getByRole("region", { name: "Selection" })).toContainText("3 selected");
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog", { name: "Approve 3 requests?" });
  await expect(dialog.getByRole("listitem")).toHaveText([cy, dee, eve].map(({ name }) => new RegExp(name)));
  await dialog.getByLabel("Note (optional)").fill("The new team");
  // Meanwhile, somebody else decides about one of them, and blocks another.
  const [third, fourth] = [await entrance.request(cy), await entrance.request(dee)];
  await other.call("POST", `${base}/access-requests/${third.id}/reject`, {});
  await other.call("POST", `${base}/chat-users/${fourth.chat_user_id}/block`, {});
  await dialog.getByRole("button", { name: "Approve" }).click();
  const failed = page.getByRole("region", { name: "Notifications" }).getByRole("alert");
  await expect(failed).toContainText(/1 approved\. 1 was rejected by Night shift at \d\d:\d\d\. 1 is blocked\./);
  // A request that was not decided stays selected, with its reason.
  await expect(rowOf(page, cy)).toContainText(/Rejected by Night shift at \d\d:\d\d/);
  await expect(rowOf(page, dee)).toContainText("Blocked. Unblock to approve.");
  await expect(rowOf(page, dee).getByRole("checkbox")).toBeChecked();
  await expect(rowOf(page, eve)).toHaveCount(0);
  await expect(tabs(page).getByRole("link")).toHaveText([/^Pending\s*1$/, /^Approved\s*2$/]);
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Clear" }).click();
  await expect(page.getByRole("region", { name: "Selection" })).toHaveCount(0);
});

test("Requests are cleared by keyboard alone: the focus goes on after each decision (U150, U152, U206, U210)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Keys Only Inc");
  const entrance = await Entrance.open(own, "Keyboard");
  for (const name of ["Ada One", "Bea Two", "Cy Three", "Dee Four", "Eve Five"]) await entrance.visit(name);
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  await settled(page, "Access Requests");
  const open = (name: string) => page.getByRole("link", { name, exact: true });
  await page.keyboard.press("j");
  await expect(open("Ada One")).toBeFocused();
  await page.keyboard.press("a");
  await expect(page.getByLabel("Note (optional)")).toBeFocused();
  await page.keyboard.press("Control+Enter");
  await expect(open("Bea Two")).toBeFocused();
  await page.keyboard.press("r");
  await expect(page.getByLabel("Note (optional)")).toBeFocused();
  await page.keyboard.press("Control+Enter");
  await expect(open("Cy Three")).toBeFocused();
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+X");
  await expect(page.getByRole("region", { name: "Selection" })).toContainText("3 selected");
  await page.keyboard.press("a");
  await expect(page.getByRole("dialog", { name: "Approve 3 requests?" })).toBeVisible();
  await page.keyboard.press("Control+Enter");
  await expect(toast(page, "3 approved.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "No pending requests" })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await settled(page, "Users Management");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await settled(page, "Access Requests");
});

test("An explanation says whether somebody may talk here, with the facts and what would change it (U309, U204, SPEC A47)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Why Inc");
  const entrance = await Entrance.open(own, "Reasons");
  const ada = await entrance.visit("Ada Lovelace");
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  await page.getByRole("button", { name: "More for Ada Lovelace" }).click();
  await page.getByRole("menuitem", { name: "Explain" }).click();
  const dialog = page.getByRole("dialog", { name: "Can Ada Lovelace talk here?" });
  await expect(dialog).toContainText(/Ada Lovelace cannot talk here yet: a request is pending since .+ UTC\./);
  await expect(dialog.getByRole("heading", { name: "Facts in order" })).toBeVisible();
  await expect(dialog.getByRole("listitem").first()).toContainText(/^(Yes|No): /);
  await expect(dialog.getByRole("heading", { name: "What would change this" })).toBeVisible();
  const { id } = await entrance.request(ada);
  await own.inviter.call("POST", `/v1/projects/${entrance.project}/access-requests/${id}/approve`, {});
  await dialog.getByRole("button", { name: "Check again" }).click();
  await expect(dialog).toContainText(/Ada Lovelace can talk here: approved in Production by Ana Lopes on \d+ \w+\./);
});

test("Without requests the page says how they come, or that no connector asks; another project is one choice away (U213, U103, U111)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Quiet Inc");
  const { id: silent } = await own.inviter.call("POST", "/v1/projects", { name: "Silent" });
  const entrance = await Entrance.open(own, "Open");
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, silent));
  await expect(page.getByRole("heading", { name: "No connector asks for approval" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Go to Connectors" })).toHaveAttribute("href", /\/connectors$/);
  await page.getByRole("button", { name: "Silent, switch project" }).click();
  await page.getByRole("menuitem", { name: "Open" }).click();
  await expect(page).toHaveURL(new RegExp(`/p/${entrance.project}/requests`));
  await expect(page.getByRole("heading", { name: "No pending requests" })).toBeVisible();
  await expect(page.getByText(/^Requests appear here by themselves when strangers write/)).toBeVisible();
  await page.getByRole("link", { name: /^Approved/ }).click();
  await expect(page.getByRole("heading", { name: "Nobody has been approved yet" })).toBeVisible();
});

test("The profile says of which projects a person is told, by mail and by the browser (U214)", async ({
  browse,
  team,
}) => {
  const page = await browse(team.owner);
  await page.goto("/console/profile?tab=preferences");
  await settled(page, "Profile");
  await expect(page.getByRole("switch", { name: "Notify me about new requests by email digest" })).toBeVisible();
  const inBrowser = page.getByRole("switch", { name: /^Notify me about new requests in this browser/ });
  await page.context().grantPermissions(["notifications"]);
  // The browser is asked first, so the switch does not follow the press at once.
  await inBrowser.click();
  await expect(inBrowser).toBeChecked();
  await page.reload();
  await expect(inBrowser).toBeChecked();
  await inBrowser.uncheck();
  await expect(inBrowser).not.toBeChecked();
});

test("Access requests: axe finds nothing in light and dark, 1280 and 390 px, and nothing scrolls sideways at 320 px (U151, U161, U204, U205, U206, U210)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Looks Inc");
  const entrance = await Entrance.open(own, "Looks");
  const ada = await entrance.visit("Ada Lovelace", "A long first message. ".repeat(12));
  await entrance.visit("محمد بن عبد الله", "مرحبا");
  await entrance.visit("X".repeat(60), "<b>bold</b>");
  const page = await browse(own.owner);
  await equip(page);
  const address = requestsOf(own.account, entrance.project);
  await page.goto(address);
  await expect(rowOf(page, ada)).toBeVisible();
  await judge(page, "requests");
  await page.getByRole("button", { name: "Approve Ada Lovelace" }).click();
  await expect(rowOf(page, ada).getByLabel("Note (optional)")).toBeVisible();
  await judge(page, "requests-approve");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("link", { name: "Ada Lovelace", exact: true }).click();
  await expect(page.getByRole("dialog", { name: "Ada Lovelace" })).toBeVisible();
  await judge(page, "requests-panel");
  await page.goto(address);
  await page.getByRole("checkbox", { name: /^Select all rows/ }).check();
  await judge(page, "requests-selected");
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Reject" }).click();
  await expect(page.getByRole("dialog", { name: "Reject 3 requests?" })).toBeVisible();
  await judge(page, "requests-bulk");
});
