import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { brokenRule, readCommon } from "./rules";

const LIST = new URL("../../../../../../shared/domain/src/team/common_passwords.txt", import.meta.url);
const common = readCommon(readFileSync(LIST, "utf8"));
const owner = { email: "ana.lopez@acme-tools.example", name: "Ana López" };
const check = (password: string) => brokenRule(password, owner, common);

// The cases are those of the API's own tests, so that the page and the API agree.
describe("a new password (SPEC D28)", () => {
  it("has 15 to 128 characters of any kind", () => {
    expect(check("é".repeat(14))).toBe("short");
    expect(check("plum tree river")).toBeUndefined();
    expect(check("plumtreerivera")).toBe("short");
    expect(check("    é    🙂    .")).toBeUndefined();
    expect(check("plum tree river ".repeat(8))).toBeUndefined();
    expect(check(`${"plum tree river ".repeat(8)}x`)).toBe("long");
  });

  it.each([
    "123456789012345",
    "PasswordPassword",
    "passwordpassword2026",
    "password1234567",
    "1Q2W3E4R5T6Y7U8I9O0P",
    "Correct Horse Battery Staple",
  ])("is not common, in any case and with digits behind it: %s", (password) => {
    expect(check(password)).toBe("common");
  });

  it("may consist of digits that are not on the list", () => {
    expect(check("840275913664208")).toBeUndefined();
  });

  it.each([
    "VestibuleVestibule1",
    "ana.lopez@acme-tools.example",
    "AnaLopezAcme2026",
    "lópez-lópez-lópez",
    "vestibule acme tools",
  ])("is not made of what everybody knows: %s", (password) => {
    expect(check(password)).toBe("known");
  });

  it("may contain what everybody knows beside enough else", () => {
    expect(check("vestibule at dawn, quietly")).toBeUndefined();
  });

  it("is checked without an owner too, where a link hides the address", () => {
    expect(brokenRule("plum tree river", { email: "", name: "" }, common)).toBeUndefined();
    expect(brokenRule("vestibulevestibule", { email: "", name: "" }, common)).toBe("known");
  });
});
