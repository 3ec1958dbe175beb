import { useEffect, useRef } from "react";
import { announce } from "./live";

/** Milliseconds between two announcements, so that they are bearable. */
const SAID_EVERY = 30_000;

/** Says that something new waits, not more often than is bearable (U152). */
export function useArrivals(waiting: number, words: (count: number) => string): void {
  const said = useRef({ at: 0, waiting: 0 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each number
  useEffect(() => {
    const { at, waiting: before } = said.current;
    if (waiting === 0) said.current = { at, waiting: 0 };
    else if (waiting > before && Date.now() - at > SAID_EVERY) {
      said.current = { at: Date.now(), waiting };
      announce(words(waiting));
    }
  }, [waiting]);
}
