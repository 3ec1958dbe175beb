import { beforeEach, describe, expect, it, vi } from "vitest";
import { addressLink, loginOf } from "./address-link";

const LOGIN = "01JD3Q3Z9V8M4T6K2N7P5R1SMG";
const TOKEN = `vsa_${LOGIN}_${"k-_".repeat(14)}Z`;

describe("the link to a new address", () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });

  it("is kept until it is done with, and whoever shows it is told", () => {
    const listener = vi.fn();
    const end = addressLink.subscribe(listener);
    expect(addressLink.take(`address=${TOKEN}`)).toBe(true);
    expect(addressLink.token()).toBe(TOKEN);
    addressLink.end();
    expect(addressLink.token()).toBeUndefined();
    expect(listener).toHaveBeenCalledTimes(2);
    end();
    addressLink.take(`address=${TOKEN}`);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it.each(["", "content", "ok", TOKEN])("is not what another fragment holds: #%s", (fragment) => {
    expect(addressLink.take(fragment)).toBe(false);
    expect(addressLink.token()).toBeUndefined();
  });
});

describe("the token of a new address", () => {
  it("names its login", () => {
    expect(loginOf(TOKEN)).toBe(LOGIN);
  });

  it.each(["", "vsa_", TOKEN.slice(0, -1), TOKEN.replace("vsa_", "vsr_"), `${TOKEN}x`])(
    "names none if it is cut or another kind: %s",
    (token) => {
      expect(loginOf(token)).toBeUndefined();
    },
  );
});
