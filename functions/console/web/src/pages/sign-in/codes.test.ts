import { expect, it } from "vitest";
import { digits, isAppCode } from "./codes";

it("takes a code in two groups, as apps show it", () => {
  expect(isAppCode(" 123 456 ")).toBe(true);
  expect(digits(" 123 456 ")).toBe("123456");
});

it.each(["", "12345", "1234567", "12345a"])("takes no other text for a code: %s", (text) => {
  expect(isAppCode(text)).toBe(false);
});
