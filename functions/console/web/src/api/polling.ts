import { useEffect } from "react";

const BUSY = 15_000;
const CALM = 60_000;
const CALM_AFTER = 5 * 60_000;

let lastInput = Date.now();

/** Milliseconds until a list is read again; slower once nobody has touched the page for a while. */
export function pollInterval(sinceInput: number): number {
  return sinceInput < CALM_AFTER ? BUSY : CALM;
}

/** The interval as `refetchInterval` of a query. A hidden tab is not polled, and its return reads at once: the query client's doing. */
export function polled(): number {
  return pollInterval(Date.now() - lastInput);
}

/** Notes input for as long as the calling component is shown. */
export function useInputTracking(): void {
  useEffect(() => {
    const note = () => {
      lastInput = Date.now();
    };
    const kinds = ["pointerdown", "keydown", "scroll"] as const;
    for (const kind of kinds) addEventListener(kind, note, { passive: true, capture: true });
    return () => {
      for (const kind of kinds) removeEventListener(kind, note, { capture: true });
    };
  }, []);
}
