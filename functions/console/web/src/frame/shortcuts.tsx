import { useEffect, useState, useSyncExternalStore } from "react";
import { useAccount, useMe } from "../api/me";
import { isCommand, isTyping } from "../keys";
import { goTo } from "../navigation";
import { later, useLater } from "../ui/loading";
import { useProjectInAddress, useShownProject } from "./use-project";

const SECOND_KEY_WITHIN = 1_500;

const list = later(() => import("./shortcut-list"));

let isListOpen = false;
const listeners = new Set<() => void>();

function setListOpen(next: boolean): void {
  isListOpen = next;
  for (const listener of listeners) listener();
}

export function openShortcutList(): void {
  setListOpen(true);
}

/** The pages of a project by their keys. */
const PAGES: Readonly<Record<string, string>> = { r: "requests", c: "connectors", v: "conversations" };

/** The page to which `g` and a second key lead. */
function addressOf(
  key: string,
  account: string,
  project: string | undefined,
  isInProject: boolean,
): string | undefined {
  // The users of the project on its pages, those of the account elsewhere.
  if (key === "u") return `/console/a/${account}${isInProject ? `/p/${project}` : ""}/settings/users`;
  const page = PAGES[key];
  return page && project ? `/console/a/${account}/p/${project}/${page}` : undefined;
}

/** Keyboard shortcuts of every page, and their list once it is wanted. Off while typing, in dialogs, and by preference. */
export function Shortcuts() {
  const { preferences } = useMe();
  const { id: account } = useAccount();
  const project = useShownProject();
  const isInProject = useProjectInAddress() !== undefined;
  const [firstKeyAt, setFirstKeyAt] = useState(Number.NEGATIVE_INFINITY);
  const isOpen = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isListOpen,
  );

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!preferences.shortcuts || isCommand(event) || isTyping(event.target)) return;
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
      } else if (event.timeStamp - firstKeyAt < SECOND_KEY_WITHIN) {
        const address = account && addressOf(event.key, account, project?.id, isInProject);
        if (!address) return;
        // The page shown has keys of its own.
        event.stopImmediatePropagation();
        setFirstKeyAt(Number.NEGATIVE_INFINITY);
        goTo(address);
      }
    };
    addEventListener("keydown", press, { capture: true });
    return () => removeEventListener("keydown", press, { capture: true });
  }, [preferences.shortcuts, firstKeyAt, account, project?.id, isInProject]);

  const module = useLater(list, isOpen);
  return module ? <module.ShortcutList isOpen={isOpen} onClose={() => setListOpen(false)} /> : null;
}
