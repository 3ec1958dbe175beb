import { acme, found, invite, join, signInAgain } from "./people.ts";
import { Caller, facts, newAddress, PASSWORD } from "./stack.ts";
import { atProvider, expect, settings, settled, signIn, test } from "./test.ts";
import { pathOf } from "./watch.ts";

test("An address that has a login joins a second account without new credentials, after signing in (U702, U104, SPEC D17, D18, D34)", async ({
  browse,
  team,
}) => {
  const both = await join(acme, { name: "Grace Hopper" });
  // An account without a project, which would be its start page.
  const other = await found(team.owner, "Hooli");
  const link = await invite(other, both.email, { role: "agent" });
  const page = await browse();
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ana Lopes invites you to Hooli as Agent");
  await expect(page.getByText(`${both.email} has a login already. Sign in with it, then join.`)).toBeVisible();
  await expect(page.getByLabel("Email", { exact: true })).toHaveValue(both.email);
  await expect(page.getByLabel("Email", { exact: true })).not.toBeEditable();
  await expect(page.getByLabel("Your name")).toHaveCount(0);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  // The sign-in alone accepts nothing.
  await expect(page.getByText(`You are signed in as ${both.email}.`)).toBeVisible();
  const before = await both.api.call("GET", "/v1/me");
  expect(before.accounts).toHaveLength(1);
  await page.getByRole("button", { name: /^Join Hooli/ }).click();
  await settled(page, "Teams");
  expect(pathOf(page)).toBe(settings(other.account, "teams"));

  await page.getByRole("button", { name: "Grace Hopper, your menu" }).click();
  await page.getByRole("group", { name: "Switch account" }).getByText("Acme").click();
  await page.waitForURL(`**/console/a/${facts.account_id}/p/*/requests`);
  await settled(page, "Access Requests");
});

test("Somebody else's session is told for whom the invitation is, and may switch; a copied link tells nobody whether there is a login, and offers both ways (U702, SPEC D24)", async ({
  browse,
  team,
}) => {
  const invited = newAddress("invited");
  const link = await invite(team, invited, { role: "agent" });
  const page = await browse(await signInAgain(team.owner));
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`This invitation is for ${invited}`);
  await expect(page.getByText(`You are signed in as ${team.owner.email}.`)).toBeVisible();
  await expect(page.getByRole("button", { name: "Switch account" })).toBeVisible();
  await page.getByRole("link", { name: "Stay signed in and leave" }).click();
  // The first account of the person that has a project.
  await settled(page, "Access Requests");

  const { items } = await team.inviter.call("GET", "/v1/invitations");
  const { id } = items.find((invitation: { email: string }) => invitation.email === invited);
  const { url } = await team.inviter.call("POST", `/v1/invitations/${id}/link`);
  await page.goto(url);
  await page.getByRole("button", { name: "Switch account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Ana Lopes invites you to Initech \d+ as Agent$/);
  await expect(page.getByLabel("Your name")).toBeVisible();
  await page.getByRole("button", { name: "I have a login already" }).click();
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  await expect(page.getByLabel("Your name")).toHaveCount(0);
  await page.getByRole("button", { name: "I have no login yet" }).click();
  await expect(page.getByRole("button", { name: /^Join Initech \d+$/ })).toBeVisible();
});

test("A revoked, an expired, a used and a broken link each say what they are, and whom to ask (U702, SPEC D15, D24)", async ({
  browse,
  team,
  watch,
}) => {
  const email = newAddress("revoked");
  const revoked = await invite(team, email, { role: "agent" });
  const { items } = await team.inviter.call("GET", "/v1/invitations");
  const { id } = items.find((invitation: { email: string }) => invitation.email === email);
  await team.inviter.call("POST", `/v1/invitations/${id}/revoke`);
  const page = await browse();
  await page.goto(revoked);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This invitation was revoked");
  await expect(page.getByText(/If you did not expect that, ask Ana Lopes at Initech/)).toBeVisible();

  const late = await invite(team, newAddress("late"), { role: "agent" });
  // Nobody waits a week: the answer about the invitation is that of one that has ended.
  const ended = new Date(Date.now() - 86_400_000).toISOString();
  await page.route("**/v1/auth/invitation/inspect", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), status: "expired", expires_at: ended } });
  });
  await page.goto(late);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This invitation has expired");
  await expect(page.getByText(/^Ask Ana Lopes for a new one\. It was an invitation to Initech \d+\.$/)).toBeVisible();
  await expect(page.getByText(/^It held until/)).toBeVisible();
  await page.unroute("**/v1/auth/invitation/inspect");

  const other = newAddress("used");
  const used = await invite(team, other, { role: "agent" });
  await Caller.nobody().call("POST", "/v1/auth/invitation/accept", {
    token: used.split("#")[1],
    name: "Mary",
    password: PASSWORD,
  });
  await page.goto(used);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This invitation was accepted already");
  await expect(page.getByText(/^If that was you, sign in to Initech \d+\. If not, tell Ana Lopes\.$/)).toBeVisible();

  watch.expects("410 POST /v1/auth/invitation/inspect");
  await page.goto(`${used.slice(0, -4)}AAAA`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link is not valid");
  await expect(page.getByText(/ask whoever invited you for a new invitation\.$/)).toBeVisible();
});

test("A provider's identity that is not the invited one does not get in, and an invited one signs in at the account's own page (U701, U702, SPEC D12, D27)", async ({
  browse,
  watch,
}) => {
  watch.allow(facts.openid_url);
  const email = newAddress("sso");
  const { items } = await Caller.key().call("GET", "/v1/login-methods");
  const link = await invite(acme, email, { role: "agent", method: items[0].id });
  const page = await browse();
  await page.goto(link);
  await page.getByRole("button", { name: "Continue with Acme" }).click();
  await atProvider(page, { name: "Somebody Else", email: newAddress("else") });
  await expect(page.getByText(/The invitation is for somebody else at the provider\./)).toBeVisible();
  await page.getByRole("button", { name: "Continue with Acme" }).click();
  await atProvider(page, { name: "Edsger Dijkstra", email });
  await settled(page, "Access Requests");

  const later = await browse();
  await later.goto(settings(facts.account_id, "account"));
  await expect(later).toHaveURL(/\/console\/sign-in\//);
  await later.getByRole("button", { name: "Sign in with Acme" }).click();
  await atProvider(later, { name: "Edsger Dijkstra", email });
  await settled(later, "Account");
  expect(pathOf(later)).toBe(settings(facts.account_id, "account"));

  const stranger = await browse();
  await stranger.goto(`/console/sign-in/${facts.account_id}`);
  await stranger.getByRole("button", { name: "Sign in with Acme" }).click();
  await atProvider(stranger, { name: "Nobody", email: newAddress("nobody") });
  await expect(stranger.getByText(/This identity belongs to nobody in the account\./)).toBeVisible();
  await signIn(stranger, newAddress("nobody"), "whatever it may be");
  watch.expects("401 POST /v1/auth/sign-in");
  await expect(stranger.getByText("Email or password is wrong")).toBeVisible();
});
