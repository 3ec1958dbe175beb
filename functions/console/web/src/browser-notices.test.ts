import { afterEach, describe, expect, it, vi } from "vitest";
import { browserNotices } from "./browser-notices";

function browser(permission: NotificationPermission, answer: NotificationPermission) {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  const notification = { permission, requestPermission: vi.fn(async () => answer) };
  notification.requestPermission.mockImplementation(async () => {
    notification.permission = answer;
    return answer;
  });
  vi.stubGlobal("Notification", notification);
  return notification;
}

afterEach(() => vi.unstubAllGlobals());

describe("notices of the browser (U214)", () => {
  it("are on once the person wants them and the browser lets us, and off again on demand", async () => {
    const notification = browser("default", "granted");
    expect(browserNotices.areOn()).toBe(false);
    expect(await browserNotices.set(true)).toBe(true);
    expect(notification.requestPermission).toHaveBeenCalledOnce();
    expect(browserNotices.areOn()).toBe(true);
    expect(await browserNotices.set(false)).toBe(false);
  });

  it("stay off where the browser refuses, also when it changes its mind later", async () => {
    const notification = browser("default", "denied");
    expect(await browserNotices.set(true)).toBe(false);
    expect(browserNotices.areRefused()).toBe(true);
    notification.permission = "granted";
    expect(browserNotices.areOn()).toBe(false);
  });

  it("are not offered where there are none", () => {
    vi.stubGlobal("Notification", undefined);
    expect(browserNotices.arePossible()).toBe(false);
    expect(browserNotices.areOn()).toBe(false);
  });
});
