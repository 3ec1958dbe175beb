import { useEffect, useRef } from "react";
import { useMe } from "../../api/me";
import { isCommand, isTyping } from "../../keys";
import { focusRow, rowOf } from "./focus";

interface Actions {
  /** Rows in the order of the page. */
  ids: readonly string[];
  onOpen: (id: string) => void;
  onApprove?: ((id: string | undefined) => void) | undefined;
  onReject?: ((id: string | undefined) => void) | undefined;
  onSelect?: ((id: string, isRange: boolean) => void) | undefined;
  onShowNew: () => void;
  /** Clears what Esc clears; answers whether there was anything. */
  onEscape: () => boolean;
}

/** The keys of a list (U150). The current row is the one that has the focus, or had it last. */
export function useRowKeys(actions: Actions): void {
  const isOn = useMe().preferences.shortcuts;
  const latest = useRef(actions);
  latest.current = actions;
  const last = useRef<string | undefined>(undefined);

  useEffect(() => {
    const note = (event: FocusEvent) => {
      last.current = rowOf(event.target as Element) ?? last.current;
    };
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isCommand(event) || isTyping(event.target)) return;
      const { ids, onOpen, onApprove, onReject, onSelect, onShowNew, onEscape } = latest.current;
      if (event.key === "Escape") {
        if (onEscape()) event.preventDefault();
        return;
      }
      if (!isOn) return;
      const current = last.current !== undefined && ids.includes(last.current) ? last.current : undefined;
      const step = (by: 1 | -1) => {
        const place = current === undefined ? -1 : ids.indexOf(current);
        const next = ids[place < 0 ? 0 : Math.min(Math.max(place + by, 0), ids.length - 1)];
        if (next === undefined) return;
        focusRow(next);
        document.querySelector(`[data-request="${next}"]`)?.scrollIntoView({ block: "nearest" });
      };
      const keys: Record<string, (() => void) | undefined> = {
        j: () => step(1),
        k: () => step(-1),
        o: () => current && onOpen(current),
        a: onApprove && (() => onApprove(current)),
        r: onReject && (() => onReject(current)),
        x: () => current && onSelect?.(current, event.shiftKey),
        ".": onShowNew,
      };
      const act = keys[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("focusin", note);
    addEventListener("keydown", press);
    return () => {
      removeEventListener("focusin", note);
      removeEventListener("keydown", press);
    };
  }, [isOn]);
}
