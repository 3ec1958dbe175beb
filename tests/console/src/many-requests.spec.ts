import { found } from "./people.ts";
import { Entrance, requestsOf } from "./requests.ts";
import { expect, settled, test, toast } from "./test.ts";

/** People who wait; as many as a busy day brings in the whole proof. */
const WAITING = process.env.PROOF === "full" ? 400 : 24;
/** People who write at once. */
const AT_ONCE = 8;

test("An admin clears all pending requests by keyboard alone, some one by one and the rest a list at a time (U150, U152, U206, U207, U210, SPEC B30)", async ({
  browse,
  team,
}) => {
  test.setTimeout(60_000 + WAITING * 1000);
  const own = await found(team.owner, "Busy Inc");
  const entrance = await Entrance.open(own, "Rush");
  const path = `/v1/projects/${entrance.project}`;
  await own.inviter.call("PATCH", `${path}/connectors/${entrance.connector}`, { new_requests_per_minute: 600 });
  for (let first = 0; first < WAITING; first += AT_ONCE) {
    const few = Array.from({ length: Math.min(AT_ONCE, WAITING - first) }, (_, index) => `Person ${first + index + 1}`);
    await Promise.all(few.map((name) => entrance.arrive(name)));
  }
  const pending = async () => (await own.inviter.call("GET", `${path}/access-requests/counts`)).pending.count as number;
  await expect.poll(pending, { timeout: 60_000 }).toBe(WAITING);

  const page = await browse(own.owner);
  await page.goto(requestsOf(own.account, entrance.project));
  await settled(page, "Access Requests");
  const rows = page.getByRole("list", { name: "Access requests" }).getByRole("listitem");
  await page.keyboard.press("j");
  for (const key of ["a", "r", "a"]) {
    await page.keyboard.press(key);
    await expect(page.getByLabel("Note (optional)")).toBeFocused();
    await page.keyboard.press("Control+Enter");
    await expect(page.getByLabel("Note (optional)")).toHaveCount(0);
  }
  const done = page.getByRole("heading", { name: "No pending requests" });
  let left = WAITING - 3;
  while (left > 0) {
    await expect(rows).not.toHaveCount(0);
    const listed = Math.min(await rows.count(), 100);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    for (let step = 1; step < listed; step += 1) await page.keyboard.press("j");
    await page.keyboard.press("Shift+X");
    await page.keyboard.press("a");
    const dialog = page.getByRole("dialog", { name: /^Approve \d+ requests?\?$/ });
    await expect(dialog).toBeVisible();
    const chosen = Number(/\d+/.exec((await dialog.getByRole("heading").first().textContent()) ?? "")?.[0]);
    await page.keyboard.press("Control+Enter");
    await expect(toast(page, `${chosen} approved.`).first()).toBeVisible({ timeout: 60_000 });
    left -= chosen;
    await expect.poll(pending, { timeout: 60_000 }).toBe(left);
  }
  await expect(done).toBeVisible();
});
