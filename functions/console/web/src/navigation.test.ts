import { beforeAll, describe, expect, it, vi } from "vitest";
import { safeReturn } from "./navigation";

beforeAll(() => {
  vi.stubGlobal("location", { origin: "https://chat.example.com" });
});

describe("the address to return to after a sign-in (U701)", () => {
  it.each([
    "/console",
    "/console/profile",
    "/console/a/01A/settings/users?q=ana&status=active",
    "/console/a/01A/settings/audit#x",
    "/console?x=1",
  ])("is %s as it was asked for", (address) => {
    expect(safeReturn(address)).toBe(address);
  });

  it.each([
    undefined,
    "",
    "https://evil.example/console",
    "//evil.example/console",
    "/console//evil.example",
    "/console/../v1/auth/sign-out",
    "/console\\evil.example",
    "/consoles",
    "/v1/me",
    "javascript:alert(1)",
    "/console/ x",
    "/console/sign-in",
    "/console/sign-in/01A?return_to=/console",
    "/console/invitation#token",
    "/console/reset",
  ])("is the start instead of %s", (address) => {
    expect(safeReturn(address)).toBe("/console");
  });
});
