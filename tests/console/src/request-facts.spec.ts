import type { Locator, Page } from "@playwright/test";
import { found } from "./people.ts";
import { Entrance, meet, requestsOf } from "./requests.ts";
import { eventually } from "./stack.ts";
import { expect, settled, test, toast } from "./test.ts";

const HOUR = 60 * 60 * 1000;

const rowOf = (page: Page, words: string) =>
  page.getByRole("list", { name: "Access requests" }).getByRole("listitem").filter({ hasText: words });

const colourOf = (words: Locator) => words.evaluate((element) => getComputedStyle(element).color);

/** Lets the browser believe that so many hours went by, and reads the page again. */
async function hoursLater(page: Page, hours: number): Promise<void> {
  await page.clock.setFixedTime(Date.now() + hours * HOUR);
  await page.reload();
}

test("A request says until when the person can be told, and which user has the same number (U208, U204, U206, U210, SPEC A44, A50, B38)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Windows Inc");
  const entrance = await Entrance.open(own, "Numbers", {}, "twilio");
  const base = `/v1/projects/${entrance.project}`;
  const [ada, bea] = [await meet("Ada Lovelace"), await meet("Bea Stone")];
  const { items } = await own.inviter.call("GET", `${base}/environments`);
  const staging = items.find((environment: { name: string }) => environment.name === "Staging");
  await entrance.say(ada, "Is this where I ask about an invoice?", "whatsapp");
  await entrance.request(ada);
  // A user who was there before would be linked with Ada by the message itself (SPEC A40).
  await own.inviter.call("POST", `${base}/end-users`, {
    first_name: "Ada",
    last_name: "Byron",
    phone: ada.phone,
    environment_ids: [staging.id],
  });
  await entrance.say(bea, "Hello, may I come in?");
  const { id } = await entrance.request(bea);
  await entrance.say(bea, "STOP");
  await eventually("the wish of Bea is known", async () => {
    const { opted_out_at } = await own.inviter.call("GET", `${base}/access-requests/${id}`);
    return opted_out_at ?? undefined;
  });

  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  const row = rowOf(page, "Ada Lovelace");
  const hint = row.getByText(/^Approve before \d\d:\d\d to tell them on WhatsApp\.$/).first();
  await expect(hint).toBeVisible();
  const calm = await colourOf(hint);
  await expect(row).toContainText("Same phone as Ada Byron");
  await expect(rowOf(page, bea.phone)).toContainText("They asked not to receive messages.");

  await row.getByRole("button", { name: "Approve Ada Lovelace" }).click();
  const form = row.locator("form");
  await expect(form.getByText(/^Approve before \d\d:\d\d to tell them on WhatsApp\.$/)).toBeVisible();
  const directory = form.getByRole("group", { name: "Directory" });
  await expect(directory.getByRole("radio")).toHaveCount(3);
  await expect(directory.getByRole("radio", { name: "Add as new user" })).toBeVisible();
  await expect(directory.getByRole("radio", { name: "Do not add" })).toBeVisible();
  await expect(directory.getByRole("radio", { name: "Add to existing user" })).toBeChecked();
  const suggestion = form.getByRole("group", { name: "Users found" }).getByRole("radio", { name: "Ada Byron" });
  await expect(suggestion).toBeChecked();
  await expect(suggestion).toHaveAccessibleDescription("same phone number");
  await form.getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("checkbox", { name: /^Select all rows/ }).check();
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog", { name: "Approve 2 requests?" });
  await expect(dialog.getByText("Earliest window:")).toBeVisible();
  await expect(dialog.getByText(/^Approve before \d\d:\d\d to tell them on WhatsApp\.$/)).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();

  await hoursLater(page, 23);
  await expect(hint).toBeVisible();
  expect(await colourOf(hint)).not.toBe(calm);
  await hoursLater(page, 25);
  await expect(row).toContainText("They can no longer be told on WhatsApp and will notice when they next write.");

  await own.inviter.call("PATCH", `${base}/connectors/${entrance.connector}`, { after_approval: "silent" });
  await page.reload();
  await row.getByRole("button", { name: "Approve Ada Lovelace" }).click();
  await expect(form.getByText("They are not told.")).toBeVisible();
});

test("A connector that got more new people than its limit is named above the list, and its limit is one press away (U212, SPEC B37)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Crowd Inc");
  const entrance = await Entrance.open(own, "Crowd", { new_requests_per_minute: 1 });
  // However the minutes fall, two of them are too many at least.
  for (const name of ["Ada Lovelace", "Bob Stone", "Cy Twombly", "Dee Dee"]) await entrance.arrive(name);
  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  await expect(
    page.getByText(/^Crowd bot got more new people than its limit of 1 a minute\. [23] messages made no request\.$/),
  ).toBeVisible();
  await page.getByRole("link", { name: "Adjust limit" }).click();
  await settled(page, "Crowd bot");
  const limit = page.getByLabel("New requests a minute");
  await expect(limit).toBeFocused();
  await expect(limit).toHaveValue("1");
  await limit.fill("60");
  await page.keyboard.press("Enter");
  await expect(toast(page, "Crowd bot was saved")).toBeVisible();
});

test("Badges tell what counts in a decision, and a request that closed by itself says why (U204, U205, SPEC A46, B25)", async ({
  browse,
  team,
}) => {
  const own = await found(team.owner, "Badges Inc");
  const entrance = await Entrance.open(own, "Badges", { request_cooldown_seconds: 0 });
  const base = `/v1/projects/${entrance.project}`;
  const ada = await entrance.visit("Ada Lovelace");
  for (const again of ["Please?", "Once more: please?"]) {
    const { id } = await entrance.request(ada, "pending");
    await own.inviter.call("POST", `${base}/access-requests/${id}/reject`, {});
    await entrance.say(ada, again);
  }
  await entrance.request(ada, "pending");
  const bob = await meet("Bob Stone");
  await entrance.refuse(bob);
  await entrance.say(bob, "Hello?");
  const { id } = await entrance.request(bob);
  await eventually("the onboarding message fails", async () => {
    const { onboarding_message: message } = await own.inviter.call("GET", `${base}/access-requests/${id}`);
    return message.status === "failed" || undefined;
  });

  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  const row = rowOf(page, "Ada Lovelace");
  await expect(row).toContainText("Rejected 2 times before");
  await expect(row).toContainText(/Waiting \d+ /);
  const badge = rowOf(page, "Bob Stone").getByRole("button", { name: /^Onboarding message not delivered: .*blocked/ });
  await expect(badge).toHaveText("Onboarding message not delivered");
  await badge.focus();
  await expect(badge).toHaveAttribute("data-tip", /blocked by the user/);
  await page.getByRole("button", { name: "More for Ada Lovelace" }).click();
  await expect(page.getByRole("menuitem")).toHaveText(["Open profile", "Explain", "Copy link", "Block…"]);
  await page.getByRole("menuitem", { name: "Copy link" }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(new RegExp(`/p/${entrance.project}/requests/[0-9A-Z]{26}$`));

  await own.inviter.call("DELETE", `${base}/connectors/${entrance.connector}`);
  await entrance.request(bob, "rejected");
  await page.goto(requestsOf(own.account, entrance.project, "?tab=history"));
  await expect(page.getByLabel("Status", { exact: true }).getByRole("option")).toHaveText(["Rejected", "All"]);
  await expect(rowOf(page, "Bob Stone")).toContainText("The connector was deleted");
  await rowOf(page, "Bob Stone").getByRole("link", { name: "Bob Stone" }).click();
  const panel = page.getByRole("dialog", { name: "Bob Stone" });
  await expect(panel.getByText("The connector was deleted")).toBeVisible();
  await expect(panel.getByText(/^Onboarding message not delivered: .*blocked by the user/)).toBeVisible();
});
