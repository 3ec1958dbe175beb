import { useEffect } from "react";
import { queryClient } from "./query";

const BUSY = 15_000;
const CALM = 60_000;
const CALM_AFTER = 5 * 60_000;

let lastInput = Date.now();

/** Milliseconds until a list is read again; slower once nobody has touched the page for a while. */
export function pollInterval(sinceInput: number): number {
  return sinceInput < CALM_AFTER ? BUSY : CALM;
}

function interval(): number {
  return pollInterval(Date.now() - lastInput);
}

/** Options of a query that is read again and again: not while the tab is hidden, and at once on its return. */
export const polling = { refetchInterval: interval, refetchOnWindowFocus: "always" } as const;

/** Reads at once what is polled, after a time in which nobody touched the page. */
function catchUp(): void {
  const isPolled = ({ options }: { options: { refetchInterval?: unknown } }) => options.refetchInterval === interval;
  void queryClient.refetchQueries({ type: "active", predicate: ({ observers }) => observers.some(isPolled) });
}

/** Notes input for as long as the calling component is shown. */
export function useInputTracking(): void {
  useEffect(() => {
    const note = () => {
      const wasCalm = interval() === CALM;
      lastInput = Date.now();
      if (wasCalm) catchUp();
    };
    const kinds = ["pointerdown", "keydown", "scroll"] as const;
    for (const kind of kinds) addEventListener(kind, note, { passive: true, capture: true });
    return () => {
      for (const kind of kinds) removeEventListener(kind, note, { capture: true });
    };
  }, []);
}
