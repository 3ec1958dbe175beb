import { useEffect, useRef } from "react";
import { useMe } from "../../api/me";
import { isCommand, isTyping } from "../../keys";

/** The keys of the list: `j` and `k` go from row to row, `o` opens one (U150). Each row's link carries `data-row`. */
export function useRowKeys(ids: readonly string[]): void {
  const isOn = useMe().preferences.shortcuts;
  const latest = useRef(ids);
  latest.current = ids;
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isCommand(event) || isTyping(event.target)) return;
      const links = latest.current.flatMap((id) => document.querySelector<HTMLElement>(`[data-row="${id}"]`) ?? []);
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
