import { storage } from "./storage";

const KEY = "notices";
const listeners = new Set<() => void>();

/** The browser's word as far as it changed after the page came: `Notification.permission` may stay that of before. */
let newest: NotificationPermission | undefined;
let isFollowing = false;

const tell = () => {
  for (const listener of listeners) listener();
};

const permission = (): NotificationPermission => newest ?? Notification.permission;

/** Notes what the person allows in the settings of the browser, also while the page is open. */
async function follow(): Promise<void> {
  if (isFollowing || !browserNotices.arePossible()) return;
  isFollowing = true;
  try {
    const status = await navigator.permissions.query({ name: "notifications" });
    const note = () => {
      newest = status.state === "prompt" ? "default" : status.state;
      tell();
    };
    status.addEventListener("change", note);
    note();
  } catch {
    // Some browsers do not tell of this permission here.
  }
}

/** The choice to be told of new requests by this browser. It is the browser's own, so it is kept here. */
export const browserNotices = {
  /** Whether the browser can tell at all. */
  arePossible: (): boolean => typeof Notification !== "undefined",

  /** Whether the person wants it, and the browser lets us. */
  areOn: (): boolean => browserNotices.arePossible() && storage.get(KEY) === "on" && permission() === "granted",

  /** Whether the browser does not let us, by the person's answer or because it got none. */
  areRefused: (): boolean => browserNotices.arePossible() && permission() === "denied",

  /** Switches it on, for which the browser asks the person, or off. */
  async set(isWanted: boolean): Promise<void> {
    storage.set(KEY, isWanted ? "on" : null);
    if (isWanted) {
      newest = (await Notification.requestPermission()) === "granted" ? "granted" : "denied";
      if (newest === "denied") storage.set(KEY, null);
    }
    tell();
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    void follow();
    return () => listeners.delete(listener);
  },
};
