import { Caller, facts, newAddress, PASSWORD, SESSION } from "./stack.ts";
import { expect, PHONE, settings, settled, signIn, test } from "./test.ts";
import { pathOf } from "./watch.ts";

test("A wrong password and an unknown address get the same words; the right one leads to the address that was asked for (U701, U110)", async ({
  browse,
  team,
  watch,
}) => {
  const person = team.agent;
  const page = await browse();
  const wanted = settings(team.account, "account");
  await page.goto(wanted);
  await expect(page).toHaveURL(/\/console\/sign-in/);
  await expect(page).toHaveTitle("Sign in · Vestibule");
  watch.expects("401 POST /v1/auth/sign-in", "401 POST /v1/auth/sign-in");
  await signIn(page, person.email, "not the password at all");
  await expect(page.getByText("Email or password is wrong")).toBeVisible();
  await signIn(page, newAddress("nobody"), PASSWORD);
  await expect(page.getByText("Email or password is wrong")).toBeVisible();

  const password = page.getByLabel("Password", { exact: true });
  await expect(password).toHaveAttribute("autocomplete", "current-password");
  await expect(page.getByLabel("Email", { exact: true })).toHaveAttribute("autocomplete", "username");
  await expect(password).toHaveAttribute("type", "password");
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(password).toHaveAttribute("type", "text");
  // Pasting is allowed.
  await page.evaluate((text) => navigator.clipboard.writeText(text), PASSWORD);
  await password.fill("");
  await password.press("ControlOrMeta+v");
  await expect(password).toHaveValue(PASSWORD);
  await page.getByLabel("Email", { exact: true }).fill(person.email);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await settled(page, "Account");
  expect(pathOf(page)).toBe(wanted);
  await expect(page).toHaveTitle(/^Account · Initech \d+ · Vestibule$/);
});

test("After the sign-in, nobody is led to another origin (U701)", async ({ browse, team }) => {
  const person = team.deputy;
  for (const address of [
    "https://evil.example/",
    "//evil.example/",
    "/console/..//evil.example",
    "javascript:alert(1)",
  ]) {
    const page = await browse();
    await page.goto(`/console/sign-in?return_to=${encodeURIComponent(address)}`);
    await signIn(page, person.email, PASSWORD);
    await settled(page, "User Management");
  }
});

test("Too many attempts say when to go on (U701, SPEC D28)", async ({ browse, watch }) => {
  const email = newAddress("throttled");
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const answer = await Caller.nobody().send("POST", "/v1/auth/sign-in", { email, password: "wrong as it can be" });
    expect(answer.status).toBe(401);
  }
  watch.expects("429 POST /v1/auth/sign-in");
  const page = await browse();
  await page.goto("/console/sign-in");
  await signIn(page, email, "wrong as it can be");
  await expect(page.getByText(/^Too many attempts\. Try again in \d+ s\.$/).last()).toBeVisible();
});

test("An account's page says if its ways of signing in cannot be read, and takes a password meanwhile (U701, U122)", async ({
  browse,
  watch,
}) => {
  const page = await browse();
  const problem = { type: "/problems/unavailable", title: "No answer", detail: "", status: 503, request_id: "r" };
  let failing = true;
  await page.route("**/v1/auth/methods?*", (route) =>
    failing
      ? route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) })
      : route.fallback(),
  );
  watch.expectsSome("503 GET /v1/auth/methods");
  await page.goto(`/console/sign-in/${facts.account_id}`);
  const alert = page.getByRole("alert").filter({ hasText: "No answer" });
  await expect(alert).toBeVisible();
  await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
  failing = false;
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("button", { name: "Sign in with Acme" })).toBeVisible();
  await expect(alert).toHaveCount(0);
});

test("The form names each missing field, beside it, and puts the focus into the first (U133)", async ({ browse }) => {
  const page = await browse();
  await page.goto("/console/sign-in");
  const button = page.getByRole("button", { name: "Sign in", exact: true });
  await expect(button).toBeEnabled();
  await button.click();
  const email = page.getByLabel("Email", { exact: true });
  await expect(email).toBeFocused();
  await expect(email).toHaveAccessibleDescription("Enter your email address");
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription("Enter your password");
  await expect(email).toHaveAttribute("aria-invalid", "true");
});

test("The session is a cookie that no script reads, and neither storage nor address holds a secret or a name (U172, U112)", async ({
  browse,
  team,
  watch,
}) => {
  const person = team.agent;
  const page = await browse();
  await page.goto("/console/sign-in");
  await signIn(page, person.email, PASSWORD);
  await settled(page, "Teams");
  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name === SESSION);
  expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
  expect(session?.domain).toBe(new URL(page.url()).hostname);
  const readable = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, history.state]),
  );
  expect(readable).not.toContain(session?.value);
  expect(readable).not.toContain(PASSWORD);
  expect(readable).not.toContain(person.email);
  expect(readable).not.toContain(person.name);

  // Every call says that it comes from the console, and for which account.
  const request = page.waitForRequest((sent) => new URL(sent.url()).pathname === "/v1/teams");
  await page.reload();
  const headers = await (await request).allHeaders();
  expect(headers["x-vestibule-console"]).toBe("1");
  expect(headers["vestibule-account"]).toBe(team.account);
  // Without the first of them, a call that changes something is refused.
  watch.expects("403 POST /v1/auth/sign-out");
  const status = await page.evaluate(async () => (await fetch("/v1/auth/sign-out", { method: "POST" })).status);
  expect(status).toBe(403);
});

test("On a phone, a person signs in and goes from section to section by one list (U161, U701)", async ({
  browse,
  team,
}) => {
  const person = team.deputy;
  const page = await browse(undefined, { viewport: PHONE, hasTouch: true, isMobile: true });
  await page.goto("/console/sign-in");
  await signIn(page, person.email, PASSWORD);
  await settled(page, "User Management");
  // The sections are behind one line, and rows are cards with labelled values.
  await page.getByText("Settings / Users").click();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Roles" }).click();
  await settled(page, "Roles");
});
