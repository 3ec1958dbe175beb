import { expect, it } from "vitest";
import { digits, isAppCode, readCode } from "./codes";

it("takes a code in two groups, as apps show it", () => {
  expect(isAppCode(" 123 456 ")).toBe(true);
  expect(digits(" 123 456 ")).toBe("123456");
});

it.each(["", "12345", "1234567", "12345a"])("takes no other text for a code: %s", (text) => {
  expect(isAppCode(text)).toBe(false);
});

it("tells a recovery code from one of the app", () => {
  expect(readCode("123 456")).toEqual({ code: "123456" });
  expect(readCode(" abcd-efgh-2345-6723 ")).toEqual({ recovery_code: "abcd-efgh-2345-6723" });
  expect(readCode("12345")).toBeUndefined();
  expect(readCode("")).toBeUndefined();
});
