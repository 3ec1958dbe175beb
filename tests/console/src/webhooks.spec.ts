import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { Locator, Page } from "@playwright/test";
import { found } from "./people.ts";
import { eventually, facts } from "./stack.ts";
import { expect, settings, settled, test, toast } from "./test.ts";

/** Longer than an event waits for the sweeper, which runs every minute. */
const A_SWEEP = 90_000;

interface Heard {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A system of the account's own, at the address that the local stack may call. */
class Receiver {
  /** Status of its answers. */
  answers = 204;
  readonly heard: Heard[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        this.heard.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
        response.writeHead(this.answers, { connection: "close" }).end("heard");
      });
    });
  }

  static async listen(): Promise<Receiver> {
    const receiver = new Receiver();
    const { hostname, port } = new URL(facts.webhook_url);
    await new Promise<void>((resolve, reject) => {
      receiver.server.once("error", reject);
      receiver.server.listen(Number(port), hostname, resolve);
    });
    return receiver;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }
}

/** The signature of a call after Standard Webhooks. */
function signatureOf({ headers, body }: Heard, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

/** Copies a secret that is shown once, and answers it. */
async function store(page: Page, dialog: Locator): Promise<string> {
  const secret = await dialog.locator("code").innerText();
  expect(secret).toMatch(/^whsec_/);
  await dialog.getByRole("button", { name: "Close" }).click();
  const leave = page.getByRole("alertdialog", { name: "Close without copying?" });
  await leave.getByRole("button", { name: "Go back" }).click();
  await dialog.getByRole("button", { name: "Copy", exact: true }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await dialog.getByRole("button", { name: "I have stored it" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(secret)).toHaveCount(0);
  return secret;
}

test("A webhook is made with chosen events, tested, paused when its address is gone, resumed, sent its event again, given another secret and deleted (U512, U137, U138, SPEC F04)", async ({
  browse,
  team,
}) => {
  test.slow();
  const receiver = await Receiver.listen();
  try {
    const own = await found(team.owner, "Hooks Inc");
    const page = await browse(own.owner);
    await page.goto(settings(own.account, "webhooks"));
    await settled(page, "Webhooks");
    await expect(page.getByRole("heading", { name: "No webhooks yet" })).toBeVisible();
    await page.getByRole("button", { name: "New webhook" }).first().click();
    await settled(page, "New webhook");
    await page.getByRole("radio", { name: "Chosen events" }).check();
    await page.getByRole("button", { name: "Create webhook" }).click();
    await expect(page.getByText("3 fields need another look")).toBeVisible();
    await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
    await page.getByLabel("Name", { exact: true }).fill("CRM");
    await page.getByLabel("Address", { exact: true }).fill(`${facts.webhook_url}/events`);
    const keys = page.getByRole("group", { name: "API keys" });
    const created = keys.getByRole("checkbox", { name: "api_key.created" });
    await expect(created).toHaveAccessibleDescription("An API key was created.");
    await created.check();
    await page.getByRole("button", { name: "Create webhook" }).click();
    const secret = await store(page, page.getByRole("dialog", { name: "The signing secret of “CRM”" }));
    await settled(page, "CRM");
    await expect(page).toHaveURL(/open=/);
    const id = new URL(page.url()).searchParams.get("open");
    expect(id).toBeTruthy();

    // It waits for the sweeper while the test goes on.
    await own.inviter.call("POST", "/v1/api-keys", { name: "Nightly", permissions: ["projects.read"] });

    await page.getByRole("button", { name: "Send a test event" }).click();
    await expect(page.getByRole("main").getByText("The webhook took the event.")).toBeVisible();
    await expect(page.getByRole("main").getByText(/\(status 204, [\d,]+\sms\)/)).toBeVisible();
    const tested = receiver.heard.find(({ body }) => JSON.parse(body).type === "webhook.test");
    expect(tested).toBeDefined();
    if (tested) expect(tested.headers["webhook-signature"]).toBe(signatureOf(tested, secret));

    await page.goto(settings(own.account, "webhooks"));
    await settled(page, "Webhooks");
    const list = page.getByRole("table", { name: "Webhooks" });
    await expect(list.getByRole("columnheader")).toHaveText(["Name", "Events", "Limited to", "Status"]);
    const row = list.getByRole("row", { name: /CRM/ });
    await expect(row).toContainText(`${facts.webhook_url}/events`);
    await expect(row).toContainText("1 event");
    await expect(row).toContainText("The whole account");
    await expect(row).toContainText("Active");

    const delivery = async (status: string) => {
      const { items } = await own.inviter.call("GET", `/v1/webhooks/${id}/deliveries?status=${status}`);
      return items[0];
    };
    await eventually("the event", () => delivery("delivered"), A_SWEEP);
    // The address says from here on that it is gone for good.
    receiver.answers = 410;
    await row.getByRole("link", { name: "CRM" }).click();
    await settled(page, "CRM");
    const deliveries = page.getByRole("table", { name: "Last deliveries, the latest first" });
    await expect(deliveries.getByRole("columnheader")).toHaveText(["Event", "Status", "Answer", "Time", "Actions"]);
    const sent = deliveries.getByRole("row", { name: /api_key\.created/ });
    await expect(sent).toContainText("No. 1");
    await expect(sent).toContainText("Delivered");
    await expect(sent).toContainText("status 204");
    await sent.getByRole("button", { name: "Send again: api_key.created, no. 1" }).click();
    await expect(toast(page, "“api_key.created” is sent again")).toBeVisible();
    await eventually("the pause", async () => {
      const { status } = await own.inviter.call("GET", `/v1/webhooks/${id}`);
      return status === "paused" || undefined;
    });
    await page.goto(settings(own.account, "webhooks"));
    await settled(page, "Webhooks");
    await expect(row).toContainText("Paused");
    await expect(row).toContainText("It answered 410: it is gone for good.");
    await expect(row.getByRole("button", { name: "Resume CRM" })).toHaveText("Resume");
    await row.getByRole("link", { name: "CRM" }).click();
    await settled(page, "CRM");
    await expect(sent).toContainText("Waiting");
    await expect(sent).toContainText("status 410");

    receiver.answers = 200;
    await page.getByRole("button", { name: "Resume CRM" }).click();
    await expect(toast(page, "“CRM” gets events again")).toBeVisible();
    await expect(page.getByRole("main").getByText("Active", { exact: true })).toBeVisible();
    await sent.getByRole("button", { name: "Send again: api_key.created, no. 1" }).click();
    await eventually("the event once more", () => delivery("delivered"));
    await page.getByLabel("Status of deliveries").selectOption("Delivered");
    await expect(page).toHaveURL(/status=delivered/);
    await expect(sent).toContainText("status 200");
    const ids = receiver.heard.flatMap(({ headers, body }) =>
      JSON.parse(body).type === "api_key.created" ? [headers["webhook-id"]] : [],
    );
    expect(ids.length).toBeGreaterThanOrEqual(3);
    expect(new Set(ids).size).toBe(1);

    await page.getByRole("button", { name: "Rotate secret" }).click();
    const rotate = page.getByRole("alertdialog", { name: "Rotate the secret of “CRM”?" });
    await rotate.getByRole("button", { name: "Rotate secret" }).click();
    const other = await store(page, page.getByRole("dialog", { name: "The new signing secret of “CRM”" }));
    expect(other).not.toBe(secret);
    await expect(page.getByText("The replaced secret signs too, until")).toBeVisible();

    await page.getByRole("button", { name: "Delete webhook" }).click();
    const end = page.getByRole("alertdialog", { name: "Delete “CRM”?" });
    await expect(end).toContainText(`No more events go to ${facts.webhook_url}/events.`);
    await expect(end.getByRole("button", { name: "Cancel" })).toBeFocused();
    await end.getByRole("button", { name: "Delete webhook" }).click();
    await expect(toast(page, "“CRM” was deleted")).toBeVisible();
    await expect(page.getByRole("heading", { name: "No webhooks yet" })).toBeVisible();
  } finally {
    await receiver.close();
  }
});
