import { expect, it } from "vitest";
import type { OpenedInvitation } from "../../api/auth";
import type { Me } from "../../api/me";
import { endOf, viewOf } from "./view";

const invitation: OpenedInvitation = {
  status: "pending",
  account: { id: "01JD3Q3Z9V8M4T6K2N7P5R1S0W", name: "Acme" },
  invited_by: "Ana",
  role_name: "Agent",
  email: "gus@example.com",
  method: { kind: "password", provider: null },
  login: "new",
  expires_at: "2026-12-06T10:00:00Z",
};

function visitor(email: string, more: { method?: string; verified?: boolean } = {}): Me {
  const { method = "password", verified = true } = more;
  return {
    login: { id: "L", email, name: "Gus", verified, factor: false },
    session: { method, expires_at: "2026-12-06T10:00:00Z", missing: [] },
    preferences: { shortcuts: true, theme: "system", notices: true, muted_projects: [] },
    accounts: [],
  };
}

it("offers a new login, a sign-in, or both, as the link tells (U702)", () => {
  expect(viewOf(invitation, null)).toBe("new");
  expect(viewOf({ ...invitation, login: "known" }, null)).toBe("known");
  expect(viewOf({ ...invitation, login: null }, null)).toBe("either");
});

it("leaves the button alone to the invited login, whatever the case of its address", () => {
  const gus = visitor("Gus@Example.com");
  expect(viewOf({ ...invitation, login: "known" }, gus)).toBe("join");
  expect(viewOf({ ...invitation, login: null }, gus)).toBe("join");
});

it("asks a login that a mailed link proves for a new password", () => {
  const unproven = visitor("gus@example.com", { verified: false });
  expect(viewOf(invitation, unproven)).toBe("prove");
  // A copied link proves nothing.
  expect(viewOf({ ...invitation, login: null }, unproven)).toBe("join");
});

it("tells somebody else whom the invitation is for", () => {
  expect(viewOf(invitation, visitor("bo@example.com"))).toBe("other");
  expect(viewOf({ ...invitation, status: "expired" }, visitor("bo@example.com"))).toBe("over");
});

it("does not count a session that a provider opened, which stands for one account only", () => {
  expect(viewOf(invitation, visitor("bo@example.com", { method: "provider" }))).toBe("new");
});

it("leads to the invitation's provider, or says that it is gone", () => {
  const provider = { id: "M", name: "Acme ID" };
  expect(viewOf({ ...invitation, method: { kind: "provider", provider } }, null)).toBe("provider");
  expect(viewOf({ ...invitation, method: { kind: "provider", provider: null } }, null)).toBe("method-gone");
});

it("knows the refusals that no form can mend", () => {
  expect(endOf("already-a-member")).toBe("member");
  expect(endOf("link-outgrown")).toBe("outgrown");
  expect(endOf("wrong-credentials")).toBeUndefined();
  expect(endOf("toString")).toBeUndefined();
  expect(endOf(undefined)).toBeUndefined();
});
