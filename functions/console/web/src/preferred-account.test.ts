import { afterEach, expect, it, vi } from "vitest";
import { preferredAccount } from "./preferred-account";

const accounts = [
  { id: "01A", opens: false },
  { id: "01B", opens: true },
  { id: "01C", opens: true },
];

const remember = (account: string | null) => vi.stubGlobal("localStorage", { getItem: () => account });

afterEach(() => {
  vi.unstubAllGlobals();
});

it("the account that was shown last is shown again, as long as the person has it", () => {
  remember("01C");
  expect(preferredAccount(accounts)).toBe("01C");
  remember("01X");
  expect(preferredAccount(accounts)).toBe("01B");
});

it("without one, the first that opens is shown, then the first, then none", () => {
  remember(null);
  expect(preferredAccount(accounts)).toBe("01B");
  expect(preferredAccount(accounts.slice(0, 1))).toBe("01A");
  expect(preferredAccount([])).toBeUndefined();
});
