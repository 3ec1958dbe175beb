import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Account } from "./account";
import { exportAccount } from "./account-export";

const ACCOUNT = { id: "01A", name: "Acme" } as Account;
let asked: string[];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const cursor = searchParams.get("cursor");
    asked.push(pathname);
    const isFirst = pathname === "/v1/members" && cursor === null;
    const body = { items: [{ of: pathname, cursor }], next_cursor: isFirst ? "2" : null };
    return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("the export of an account holds every page of every list", async () => {
  const made = (await exportAccount(ACCOUNT, () => true)) as Record<string, unknown>;
  expect(made.account).toBe(ACCOUNT);
  expect(made.members).toEqual([
    { of: "/v1/members", cursor: null },
    { of: "/v1/members", cursor: "2" },
  ]);
  expect(Object.keys(made)).toEqual([
    "account",
    "members",
    "invitations",
    "roles",
    "clients",
    "login_methods",
    "api_keys",
  ]);
});

it("the export leaves out, and does not ask for, what the person may not see", async () => {
  const made = await exportAccount(ACCOUNT, (permission) => permission === "projects.read");
  expect(Object.keys(made)).toEqual(["account", "clients"]);
  expect(asked).toEqual(["/v1/clients"]);
});
