import { useEffect, useRef } from "react";
import { useMe } from "../api/me";
import { isCommand, isTyping } from "../keys";

const linkOf = (id: string) => document.querySelector<HTMLElement>(`[data-row="${id}"]`);

/** The row that takes the place of one that goes: the next, or else the one before. */
export function rowAfter(ids: readonly string[], gone: string): string | undefined {
  const place = ids.indexOf(gone);
  return place < 0 ? undefined : (ids[place + 1] ?? ids[place - 1]);
}

/** Gives the focus to the row that takes the place of a deleted one, once the dialog that asked has closed (U152). */
export function useFocusAfter(ids: readonly string[]) {
  const next = useRef<string | undefined>(undefined);
  return {
    removed: (id: string | undefined) => {
      next.current = id === undefined ? undefined : rowAfter(ids, id);
    },
    close: () => {
      const id = next.current;
      next.current = undefined;
      if (id === undefined) return;
      // The dialog gives the focus back in the next frame, to a button that is gone.
      requestAnimationFrame(() => requestAnimationFrame(() => linkOf(id)?.focus()));
    },
  };
}

/**
 * The keys of a list: `j` and `k` go from row to row, `o` opens one, `Esc` clears the search (U150). Each row's link carries `data-row`.
 * `onClearSearch` is undefined while nothing is searched.
 */
export function useRowKeys(ids: readonly string[], onClearSearch?: (() => void) | undefined): void {
  const isOn = useMe().preferences.shortcuts;
  const latest = useRef({ ids, onClearSearch });
  latest.current = { ids, onClearSearch };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isCommand(event) || isTyping(event.target)) return;
      if (event.key === "Escape") {
        latest.current.onClearSearch?.();
        return;
      }
      if (!isOn) return;
      const links = latest.current.ids.flatMap((id) => linkOf(id) ?? []);
      const current = links.indexOf(document.activeElement as HTMLElement);
      const goTo = (place: number) => {
        const link = links[Math.min(Math.max(place, 0), links.length - 1)];
        link?.focus();
        link?.scrollIntoView({ block: "nearest" });
      };
      const keys: Record<string, () => void> = {
        j: () => goTo(current + 1),
        k: () => goTo(current < 0 ? 0 : current - 1),
        o: () => links[current]?.click(),
      };
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [isOn]);
}
