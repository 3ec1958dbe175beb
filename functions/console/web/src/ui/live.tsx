import { useSyncExternalStore } from "react";

type Politeness = "polite" | "assertive";

let messages: Record<Politeness, { text: string; count: number }> = {
  polite: { text: "", count: 0 },
  assertive: { text: "", count: 0 },
};
const listeners = new Set<() => void>();

/** Lets screen readers say a result or an outcome; `assertive` for errors and the end of the session. */
export function announce(text: string, politeness: Politeness = "polite"): void {
  messages = { ...messages, [politeness]: { text, count: messages[politeness].count + 1 } };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The live regions, once on each page. A repeated message differs by a blank, or it would not be said. */
export function LiveRegions() {
  const { polite, assertive } = useSyncExternalStore(subscribe, () => messages);
  return (
    // A dialog hides what is behind it from screen readers, but not this.
    <div className="visually-hidden" data-react-aria-top-layer="true">
      <p aria-live="polite">{spoken(polite)}</p>
      <p aria-live="assertive">{spoken(assertive)}</p>
    </div>
  );
}

function spoken({ text, count }: { text: string; count: number }): string {
  return count % 2 ? `${text}\u00a0` : text;
}
