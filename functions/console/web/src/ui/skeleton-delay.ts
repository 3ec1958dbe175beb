/** Milliseconds of waiting that show nothing. */
const UNSEEN = 200;

/** Number of skeletons in sight. The next one is drawn before the one that it replaces is gone. */
let inSight = 0;
/** Time at which a skeleton was last in sight. */
let lastSeen = Number.NEGATIVE_INFINITY;

/** Milliseconds until a skeleton shows, so that it goes on where another one ends; at once if none are left. */
export function skeletonDelay(now: number, since = now): number {
  return inSight > 0 || now - lastSeen < UNSEEN ? 0 : UNSEEN - (now - since);
}

/** Tells that a skeleton is in sight, until the returned function is called with the time at which it is gone. */
export function skeletonShown(): (now: number) => void {
  inSight += 1;
  return (now) => {
    inSight -= 1;
    lastSeen = now;
  };
}
