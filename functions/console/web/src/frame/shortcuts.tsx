import { useEffect, useState, useSyncExternalStore } from "react";
import { useAccount, useMe } from "../api/me";
import { goTo } from "../navigation";
import { frame } from "../texts/en/frame";
import { Dialog } from "../ui/dialog";
import styles from "./frame.module.css";

const SECOND_KEY_WITHIN = 1_500;

let isListOpen = false;
const listeners = new Set<() => void>();

function setListOpen(next: boolean): void {
  isListOpen = next;
  for (const listener of listeners) listener();
}

export function openShortcutList(): void {
  setListOpen(true);
}

const LIST: readonly (readonly [readonly string[], string])[] = [
  [["/"], frame.shortcutSearch],
  [["g", "u"], frame.shortcutUsers],
  [["?"], frame.shortcutList],
  [["Esc"], frame.shortcutClose],
  [["Ctrl/⌘", "Enter"], frame.shortcutSubmit],
  [["F6"], frame.shortcutToasts],
];

/** Keyboard shortcuts of every page, and their list. Off while typing, in dialogs, and by preference. */
export function Shortcuts() {
  const { preferences } = useMe();
  const { id: account } = useAccount();
  const [firstKeyAt, setFirstKeyAt] = useState(0);
  const isOpen = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isListOpen,
  );

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!preferences.shortcuts || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "/") {
        const search = document.querySelector<HTMLInputElement>("[data-search]");
        if (!search) return;
        event.preventDefault();
        search.focus();
        search.select();
      } else if (event.key === "?") {
        setListOpen(true);
      } else if (event.key === "g") {
        setFirstKeyAt(event.timeStamp);
      } else if (event.key === "u" && event.timeStamp - firstKeyAt < SECOND_KEY_WITHIN && account) {
        goTo(`/console/a/${account}/settings/users`);
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [preferences.shortcuts, firstKeyAt, account]);

  return (
    <Dialog isOpen={isOpen} onClose={() => setListOpen(false)} size="small" title={frame.shortcuts}>
      {!preferences.shortcuts && <p>{frame.shortcutsOff}</p>}
      <dl className={styles.shortcuts}>
        {LIST.map(([keys, does]) => (
          <div key={does}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <kbd className={styles.key} key={key}>
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

/** Whether a key belongs to a control or a dialog instead. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.closest(
      "input, textarea, select, [contenteditable], [role='dialog'], [role='alertdialog'], [role='menu']",
    ) !== null
  );
}
