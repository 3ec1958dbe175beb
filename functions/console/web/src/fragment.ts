import { useEffect, useState } from "react";

/** The fragment of the address of this page. It is removed at once: it may hold a token, which no history should keep. */
export function useFragment(): string {
  const [fragment] = useState(() => location.hash.slice(1));
  useEffect(() => {
    if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return fragment;
}

/** Opens another link that is pasted into the tab: a new fragment alone loads nothing. */
export function useNewLink(isLink: (fragment: string) => boolean): void {
  useEffect(() => {
    const open = () => {
      if (isLink(location.hash.slice(1))) location.reload();
    };
    addEventListener("hashchange", open);
    return () => removeEventListener("hashchange", open);
  }, [isLink]);
}

/** The outcome that the way back from a provider leaves in the fragment: `ok`, `factor`, or `problem=…`. */
export interface ProviderOutcome {
  isDone: boolean;
  awaitsFactor: boolean;
  /** Kind of problem, such as `not-bound`. */
  problem: string | undefined;
  /** Words of the provider, told only to those who try a login method. */
  reason: string | undefined;
}

export function readOutcome(fragment: string): ProviderOutcome {
  const values = new URLSearchParams(fragment);
  return {
    isDone: fragment === "ok",
    awaitsFactor: fragment === "factor",
    problem: values.get("problem") ?? undefined,
    reason: values.get("reason") ?? undefined,
  };
}
