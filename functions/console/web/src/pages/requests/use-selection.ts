import { useMemo, useRef, useState } from "react";
import { BULK_MAX } from "../../api/access-requests";
import { requests as texts } from "../../texts/en/requests";
import { announce } from "../../ui";
import { range } from "./rows";

/** The rows that are selected, of those that are shown; at most as many as one bulk decision takes. */
export function useSelection(ids: readonly string[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | undefined>(undefined);
  const selected = useMemo(() => ids.filter((id) => chosen.has(id)), [ids, chosen]);
  const isFull = selected.length >= BULK_MAX;

  const set = (next: readonly string[]) => {
    const kept = next.slice(0, BULK_MAX);
    if (kept.length < next.length) announce(texts.bulkFull);
    setChosen(new Set(kept));
  };

  return {
    selected,
    isFull,
    has: (id: string) => chosen.has(id),
    toggle: (id: string) => {
      anchor.current = id;
      if (chosen.has(id)) set(selected.filter((other) => other !== id));
      else set([...selected, id]);
    },
    /** Selects the rows from the last one that was chosen up to this one. */
    extend: (id: string) => {
      const more = range(ids, anchor.current, id).filter((other) => !chosen.has(other));
      anchor.current = id;
      set([...selected, ...more]);
    },
    all: (isWanted: boolean) => setChosen(new Set(isWanted ? ids.slice(0, BULK_MAX) : [])),
    keep: (next: Iterable<string>) => setChosen(new Set(next)),
    clear: () => setChosen(new Set()),
  };
}

export type Selection = ReturnType<typeof useSelection>;
