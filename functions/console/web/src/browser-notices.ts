import { storage } from "./storage";

const KEY = "notices";
const listeners = new Set<() => void>();

const tell = () => {
  for (const listener of listeners) listener();
};

/** The choice to be told of new requests by this browser. It is the browser's own, so it is kept here. */
export const browserNotices = {
  /** Whether the browser can tell at all. */
  arePossible: (): boolean => typeof Notification !== "undefined",

  /** Whether the person wants it, and the browser lets us. */
  areOn: (): boolean =>
    browserNotices.arePossible() && storage.get(KEY) === "on" && Notification.permission === "granted",

  /** Whether the browser was told never to ask again. */
  areRefused: (): boolean => browserNotices.arePossible() && Notification.permission === "denied",

  /** Switches it on, for which the browser asks the person, or off; answers whether it is on then. */
  async set(isWanted: boolean): Promise<boolean> {
    storage.set(KEY, isWanted ? "on" : null);
    if (isWanted && (await Notification.requestPermission()) !== "granted") storage.set(KEY, null);
    tell();
    return browserNotices.areOn();
  },

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
