import { useSyncExternalStore } from "react";
import { session } from "../api/session";
import { later, useLater } from "../ui/loading";

const dialog = later(() => import("./session-ended-dialog"));

/** Asks for a new sign-in over the page once the session has ended. */
export function SessionEnded() {
  const isEnded = useSyncExternalStore(session.subscribe, session.isEnded);
  const module = useLater(dialog, isEnded);
  return module ? <module.SessionEndedDialog isOpen={isEnded} /> : null;
}
