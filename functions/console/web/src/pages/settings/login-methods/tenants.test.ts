import { describe, expect, it } from "vitest";
import { brokenTenants, needsTenants, servesTenants, splitTenants } from "./tenants";

const ONE = "9188040d-6c67-4c5b-b112-36a304b66dad";
const OTHER = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const MICROSOFT = "https://login.microsoftonline.com/organizations/v2.0";

describe("an issuer", () => {
  it.each([MICROSOFT, "https://login.microsoftonline.com/common/v2.0", "https://id.example/common"])(
    "serves many tenants: %s",
    (issuer) => expect(servesTenants(issuer)).toBe(true),
  );

  it.each(["", "https://id.example", `https://login.microsoftonline.com/${ONE}/v2.0`, "https://common/v2.0"])(
    "serves one: %s",
    (issuer) => expect(servesTenants(issuer)).toBe(false),
  );

  it("needs its tenants listed at Microsoft only", () => {
    expect(needsTenants(MICROSOFT)).toBe(true);
    expect(needsTenants("https://id.example/common")).toBe(false);
    expect(needsTenants(`https://login.microsoftonline.com/${ONE}/v2.0`)).toBe(false);
  });
});

describe("the tenants", () => {
  it("are read one a line or with commas, each once, in lower case", () => {
    expect(splitTenants(` ${ONE.toUpperCase()}\n${OTHER}, ${ONE};`)).toEqual([OTHER, ONE]);
    expect(splitTenants(" \n ")).toEqual([]);
  });

  it("are required where the issuer needs them, and no matter where it serves one", () => {
    expect(brokenTenants("", MICROSOFT)).toMatch(/at least one/);
    expect(brokenTenants("", "https://id.example/common")).toBeUndefined();
    expect(brokenTenants("nonsense", "https://id.example")).toBeUndefined();
  });

  it("are ids, at most a hundred", () => {
    const ids = Array.from({ length: 101 }, (_, index) => ONE.replace(/^9188/, String(1000 + index)));
    expect(brokenTenants(ids.slice(1).join("\n"), MICROSOFT)).toBeUndefined();
    expect(brokenTenants(ids.join("\n"), MICROSOFT)).toMatch(/at most 100/);
    expect(brokenTenants(`${ONE}\nacme.onmicrosoft.com`, MICROSOFT)).toMatch(/acme\.onmicrosoft\.com/);
  });
});
