import { storage } from "./storage";

const KEY = "notices";
const listeners = new Set<() => void>();

/** The browser's last word, where it gave one: `Notification.permission` may stay what it was when the page came. */
let newest: "granted" | "denied" | undefined;
let isFollowing = false;
let isHeard = false;

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
      // Safari says “prompt” after a refusal, too.
      newest = status.state === "prompt" ? undefined : status.state;
      tell();
    };
    status.addEventListener("change", note);
    isHeard = true;
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
      const answer = await Notification.requestPermission();
      if (answer !== "granted") storage.set(KEY, null);
      if (answer === "default") newest = "denied";
      else newest = isHeard ? answer : undefined;
    }
    tell();
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    void follow();
    return () => listeners.delete(listener);
  },
};
