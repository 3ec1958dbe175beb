import { describe, expect, it } from "vitest";
import type { LoginMethod } from "../../../api/login-methods";
import {
  brokenRule,
  brokenRuleOfChange,
  type Draft,
  differences,
  draftOf,
  emptyDraft,
  isAddress,
  splitScopes,
  toCreate,
  toUpdate,
} from "./draft";

const method: LoginMethod = {
  id: "01JD3Q3Z9V8M4T6K2N7P5R1SL0",
  name: "Acme ID",
  provider: {
    kind: "open_id_connect",
    issuer: "https://id.acme.example",
    identifier_claim: "sub",
    scopes: ["openid", "email"],
    tenants: [],
  },
  client_id: "vestibule",
  client_secret: { set: true },
  redirect_uri: "https://chat.example.com/v1/auth/callback/a/m",
  created_at: "2026-11-01T00:00:00Z",
  updated_at: "2026-11-01T00:00:00Z",
};

const oauth2: Draft = {
  ...emptyDraft("oauth2"),
  name: "Forge",
  authorizationUrl: "https://forge.example/authorize",
  tokenUrl: "https://forge.example/token",
  userInfoUrl: "https://api.forge.example/user",
  clientId: "c",
  clientSecret: "s",
  identifierField: "id",
};

describe("a login method's form (U510, D27)", () => {
  it("asks for an issuer with OpenID Connect, and for three addresses with plain OAuth 2.0", () => {
    const openId = emptyDraft("open_id_connect");
    expect(brokenRule("issuer", openId)).toBe("Issuer must be an address that begins with https://, without a query");
    expect(brokenRule("tokenUrl", openId)).toBeUndefined();
    expect(brokenRule("issuer", oauth2)).toBeUndefined();
    expect(brokenRule("tokenUrl", { ...oauth2, tokenUrl: "http://forge.example/token" })).toContain("https://");
    expect(brokenRule("identifierField", { ...oauth2, identifierField: " " })).toBeDefined();
  });

  it("takes only addresses to which a secret can be sent", () => {
    expect(isAddress("https://id.acme.example/tenant")).toBe(true);
    // The provider of the local stack.
    expect(isAddress("http://127.0.0.1:9403")).toBe(true);
    for (const text of [
      "http://id.acme.example",
      "id.acme.example",
      "https://",
      "https://a b",
      "javascript:alert(1)",
    ]) {
      expect(isAddress(text), text).toBe(false);
    }
  });

  it("needs a secret for a new one, and keeps the stored one when a change leaves it empty", () => {
    const draft = draftOf(method);
    expect(brokenRule("clientSecret", draft)).toBeDefined();
    expect(brokenRuleOfChange("clientSecret", draft)).toBeUndefined();
    expect(toUpdate({ ...draft, name: "Acme" }, draft)).toEqual({ name: "Acme" });
    expect(toUpdate({ ...draft, clientSecret: "new" }, draft)).toEqual({ client_secret: "new" });
  });

  it("reads scopes between blanks, commas and lines", () => {
    expect(splitScopes(" openid,  email\nprofile ")).toEqual(["openid", "email", "profile"]);
    expect(splitScopes("  ")).toEqual([]);
  });

  it("sends what belongs to its kind only", () => {
    const openId = { ...draftOf(method), clientSecret: "s", scopes: "", tokenUrl: "https://left.example" };
    expect(toCreate(openId)).toEqual({
      name: "Acme ID",
      client_id: "vestibule",
      client_secret: "s",
      provider: {
        kind: "open_id_connect",
        issuer: "https://id.acme.example",
        identifier_claim: "sub",
        scopes: undefined,
      },
    });
    expect(toCreate(oauth2).provider).toMatchObject({ kind: "oauth2", email_field: null, scopes: [] });
    expect(toCreate(oauth2).provider).not.toHaveProperty("issuer");
  });

  it("never sends what cannot be changed", () => {
    const draft = draftOf(method);
    expect(toUpdate({ ...draft, issuer: "https://other.example" }, draft)).toEqual({});
  });

  it("clears an optional field with null", () => {
    const saved = { ...oauth2, emailField: "email" };
    expect(toUpdate({ ...oauth2, clientSecret: "" }, saved)).toEqual({ provider: { email_field: null } });
  });

  it("names the fields that somebody else changed meanwhile, and no secret (U132)", () => {
    const mine = { ...draftOf(method), name: "Acme", clientSecret: "very secret" };
    const shown = differences(mine, draftOf(method));
    expect(shown.map(({ label }) => label)).toEqual(["Name", "Client secret"]);
    expect(JSON.stringify(shown)).not.toContain("very secret");
  });
});

describe("the tenants of a login method", () => {
  const ONE = "9188040d-6c67-4c5b-b112-36a304b66dad";
  const OTHER = "72f988bf-86f1-41af-91ab-2d7cd011db47";
  const issuer = "https://login.microsoftonline.com/organizations/v2.0";
  const many: Draft = { ...emptyDraft("open_id_connect"), issuer, tenants: `${ONE}\n${OTHER}` };

  it("go with a new one only where the issuer serves many", () => {
    expect(toCreate(many).provider.tenants).toEqual([OTHER, ONE]);
    expect(toCreate({ ...many, issuer: "https://id.acme.example" }).provider).not.toHaveProperty("tenants", [
      OTHER,
      ONE,
    ]);
    expect(brokenRule("tenants", { ...many, tenants: "" })).toMatch(/at least one/);
  });

  it("are changed as a whole, and not where only their order or case differs", () => {
    expect(toUpdate({ ...many, tenants: ONE }, many)).toEqual({ provider: { tenants: [ONE] } });
    expect(toUpdate({ ...many, tenants: `${OTHER}, ${ONE.toUpperCase()}` }, many)).toEqual({});
  });

  it("stand in the dialog of a conflict", () => {
    const shown = differences(many, { ...many, tenants: ONE });
    expect(shown.map(({ label }) => label)).toEqual(["Tenants"]);
  });
});
