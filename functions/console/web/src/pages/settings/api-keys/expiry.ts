const DAY = 24 * 60 * 60 * 1000;
/** Days before its end from which on a key's end is marked. */
const WARNED_DAYS = 14;

/** Lives that a key can be given, in days. */
export const LIVES = [30, 90, 365] as const;

export type Expiry = { state: "expired" } | { state: "soon"; days: number } | { state: "later" };

/** State of a key by the time that it has left. */
export function expiryOf(expiresAt: string, now: number = Date.now()): Expiry {
  const left = Date.parse(expiresAt) - now;
  if (left <= 0) return { state: "expired" };
  const days = Math.round(left / DAY);
  return days <= WARNED_DAYS ? { state: "soon", days } : { state: "later" };
}

/** The end of a key that lives for some days from now. */
export function endAfter(days: number, now: number = Date.now()): string {
  return new Date(now + days * DAY).toISOString();
}

/** The end of a key after a renewal, which is never earlier than the one before. */
export function renewedEnd(expiresAt: string, days: number, now: number = Date.now()): string {
  const next = endAfter(days, now);
  return Date.parse(next) > Date.parse(expiresAt) ? next : expiresAt;
}

/** Time until which a replaced secret is taken. */
export function replacedUntil(now: number = Date.now()): string {
  return endAfter(1, now);
}
