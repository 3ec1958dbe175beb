let navigated = false;
let startedAt: number | undefined;

/** Notes that the way to a page begins. */
export function noteStart(): void {
  startedAt = performance.now();
}

/** When the way to the page began, as `performance.now()` has it. */
export function startOfNavigation(): number | undefined {
  return startedAt;
}

/** Notes that a page was left for another one, whose heading takes the focus unless something else holds it. */
export function noteNavigation(takesFocus = true): void {
  navigated = takesFocus;
}

/** Whether the heading of the page shown takes the focus: not where the page was loaded, rather than reached from another one. */
export function hasNavigated(): boolean {
  return navigated;
}

/** Where to go after signing in: an address of this console as it was asked for, or its start. */
export function safeReturn(address: string | undefined): string {
  const start = "/console";
  if (!address || !/^\/console(?:[/?#]|$)/.test(address) || /[\\\s]/.test(address)) return start;
  try {
    const { origin, pathname, search, hash } = new URL(address, location.origin);
    const isOurs = origin === location.origin && /^\/console(?:\/|$)/.test(pathname) && !pathname.includes("//");
    const leadsBack = /^\/console\/(?:sign-in|reset|invitation)(?:\/|$)/.test(pathname);
    return isOurs && !leadsBack ? pathname + search + hash : start;
  } catch {
    return start;
  }
}

let navigate: (address: string) => void = (address) => location.assign(address);

/** Names the router that moves between pages (router.tsx). */
export function navigateWith(router: (address: string) => void): void {
  navigate = router;
}

/** Goes to an address of the console. */
export function goTo(address: string): void {
  navigate(address);
}
