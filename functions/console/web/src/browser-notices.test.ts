import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { browserNotices as Notices } from "./browser-notices";

let browserNotices: typeof Notices;
const settings = Object.assign(new EventTarget(), { state: "prompt" });

function browser(answer: NotificationPermission, before: NotificationPermission = "default") {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("navigator", { permissions: { query: async () => settings } });
  const notification = { permission: before, requestPermission: vi.fn(async () => answer) };
  notification.requestPermission.mockImplementation(async () => {
    notification.permission = answer;
    return answer;
  });
  vi.stubGlobal("Notification", notification);
  return notification;
}

function change(state: PermissionState): void {
  settings.state = state;
  settings.dispatchEvent(new Event("change"));
}

beforeEach(async () => {
  vi.resetModules();
  settings.state = "prompt";
  ({ browserNotices } = await import("./browser-notices"));
});

afterEach(() => vi.unstubAllGlobals());

describe("notices of the browser (U214)", () => {
  it("are on once the person wants them and the browser lets us, and off again on demand", async () => {
    const notification = browser("granted");
    expect(browserNotices.areOn()).toBe(false);
    await browserNotices.set(true);
    expect(notification.requestPermission).toHaveBeenCalledOnce();
    expect(browserNotices.areOn()).toBe(true);
    await browserNotices.set(false);
    expect(browserNotices.areOn()).toBe(false);
  });

  it.each(["denied", "default"] as const)("stay off where the browser answers %s, and say so", async (answer) => {
    browser(answer);
    await browserNotices.set(true);
    expect(browserNotices.areOn()).toBe(false);
    expect(browserNotices.areRefused()).toBe(true);
  });

  it("follow the settings of the browser while the page is open", async () => {
    browser("granted");
    const told = vi.fn();
    browserNotices.subscribe(told);
    await browserNotices.set(true);
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    change("denied");
    expect(browserNotices.areOn()).toBe(false);
    expect(browserNotices.areRefused()).toBe(true);
    told.mockClear();
    change("granted");
    expect(told).toHaveBeenCalledOnce();
    expect(browserNotices.areRefused()).toBe(false);
    expect(browserNotices.areOn()).toBe(true);
  });

  it("never come on by themselves where the browser refused them at first", async () => {
    browser("denied");
    const told = vi.fn();
    browserNotices.subscribe(told);
    await browserNotices.set(true);
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    change("granted");
    expect(browserNotices.areRefused()).toBe(false);
    expect(browserNotices.areOn()).toBe(false);
  });

  it("stay on when the page is loaded again, also where the browser keeps its first word", async () => {
    browser("granted", "denied");
    localStorage.setItem("vestibule.notices", "on");
    settings.state = "granted";
    const told = vi.fn();
    browserNotices.subscribe(told);
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    expect(browserNotices.areOn()).toBe(true);
  });

  it("say that they are refused where the browser tells of that in one place only", async () => {
    browser("denied", "denied");
    const told = vi.fn();
    browserNotices.subscribe(told);
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    expect(browserNotices.areRefused()).toBe(true);
  });

  it("follow the browser's own word where its settings are not told", async () => {
    const notification = browser("granted");
    vi.stubGlobal("navigator", { permissions: { query: () => Promise.reject(new TypeError("unknown name")) } });
    browserNotices.subscribe(() => {});
    await browserNotices.set(true);
    expect(browserNotices.areOn()).toBe(true);
    notification.permission = "denied";
    expect(browserNotices.areOn()).toBe(false);
  });

  it("are not offered where there are none", () => {
    vi.stubGlobal("Notification", undefined);
    expect(browserNotices.arePossible()).toBe(false);
    expect(browserNotices.areOn()).toBe(false);
  });
});
