import { equip, pictureMail } from "./looks.ts";
import { found, join, signInAgain } from "./people.ts";
import { Entrance } from "./requests.ts";
import { Caller, eventually, mailsTo, newAddress, PASSWORD } from "./stack.ts";
import { expect, test } from "./test.ts";
import { codeOf } from "./totp.ts";

const NEXT = "eleven brown owls by the pond";

/** Longer than the first digest of a project takes: it waits a minute for further requests, and then for the sweeper, which runs every minute. */
const DIGEST = 180_000;

/** Kinds of mail, by their subjects. */
const KINDS = [
  ["invitation", /^Your invitation to/],
  ["new-device", /^A new device signed in/],
  ["second-factor", /second factor/i],
  ["password-changed", /password was changed/i],
  ["reset", /^Set a new password$/],
  ["address-asked", /^Another e-mail address was asked for$/],
] as const;

test("Every kind of mail to a person can be read on phones and computers, in light and dark: axe finds nothing, and nothing is loaded (U151, U144, SPEC D15, D28, D33)", async ({
  browse,
  team,
}) => {
  test.slow();
  const person = await join(team, { name: "Grace Hopper" });
  await signInAgain(person);
  const { secret } = await person.api.call("POST", "/v1/me/factor", { password: PASSWORD });
  await person.api.call("POST", "/v1/me/factor/confirm", { code: codeOf(secret) });
  await person.api.call("POST", "/v1/me/password", { current: PASSWORD, new: NEXT });
  await Caller.nobody().call("POST", "/v1/auth/reset", { email: person.email });
  const next = newAddress("next");
  await person.api.call("POST", "/v1/me/address", { email: next, password: NEXT });

  const page = await browse();
  await equip(page);
  for (const [name, subject] of KINDS) {
    const mail = await eventually(`the mail: ${name}`, async () =>
      (await mailsTo(person.email)).find(({ Subject }) => subject.test(Subject)),
    );
    await page.goto("about:blank");
    await pictureMail(page, name, mail.BodyHtml);
    // A mail for a new password goes out before anybody looks for a login, so it greets nobody.
    if (name !== "reset") {
      expect(mail.BodyText, name).toContain("Hello Grace Hopper");
    }
  }
  const confirm = await eventually("the mail to the new address", async () => (await mailsTo(next))[0]);
  await pictureMail(page, "address-confirm", confirm.BodyHtml);
});

test("Mails about a login that is gone, and about an address that another login asked for can be read likewise (U151, U144, SPEC D35)", async ({
  browse,
  team,
}) => {
  test.slow();
  const own = await found(team.owner, "Mails Inc");
  const decider = await join(own, { role: "super_admin", name: "Ana Lopes" });
  const [taken, leaving] = [await join(own, { name: "Grace Hopper" }), await join(own, { name: "Ida Rhodes" })];
  await decider.api.call("POST", "/v1/me/address", { email: taken.email, password: PASSWORD });
  await leaving.api.call("POST", "/v1/me/delete", { password: PASSWORD });

  const page = await browse();
  await equip(page);
  for (const [name, address, subject] of [
    ["address-taken", taken.email, /address/i],
    ["login-deleted", leaving.email, /^Your login was deleted$/],
  ] as const) {
    const mail = await eventually(
      `the mail: ${name}`,
      async () => (await mailsTo(address)).find(({ Subject }) => subject.test(Subject)),
      100_000,
    );
    await page.goto("about:blank");
    await pictureMail(page, name, mail.BodyHtml);
  }
});

test("The digest of new requests can be read likewise, and shows what strangers wrote as text (U151, U144, SPEC B35)", async ({
  browse,
  team,
}) => {
  test.setTimeout(DIGEST + 120_000);
  const own = await found(team.owner, "Digests Inc");
  const decider = await join(own, { role: "super_admin", name: "Ana Lopes" });
  const entrance = await Entrance.open(own, "Help desk");
  await entrance.visit("<b>Mallory</b> 🦊", "Is this where I ask? https://example.com/<script>");
  await entrance.visit("محمد بن عبد الله", "مرحبا");

  const page = await browse();
  await equip(page);
  const mail = await eventually(
    "the digest",
    async () => (await mailsTo(decider.email)).find(({ Subject }) => /access request/i.test(Subject)),
    DIGEST,
  );
  await page.goto("about:blank");
  await pictureMail(page, "requests", mail.BodyHtml);
  await expect(page.locator("body")).toContainText("<b>Mallory</b> 🦊");
  await expect(page.locator("body")).toContainText("Is this where I ask?");
});
