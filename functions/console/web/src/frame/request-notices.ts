import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { requestCountsOptions } from "../api/access-requests";
import { useAccount, useMe } from "../api/me";
import { browserNotices } from "../browser-notices";
import { goTo } from "../navigation";
import { frame } from "../texts/en/frame";

/** Tells of new requests by the browser while the page is not seen; answers whether this person asked for it here. */
export function useRequestNotices({ id, name }: { id: string; name: string | undefined }): boolean {
  const account = useAccount();
  const { muted_projects } = useMe().preferences;
  const isOn = useSyncExternalStore(browserNotices.subscribe, browserNotices.areOn);
  const isTold = isOn && !muted_projects.includes(id);
  const newest = useQuery({ ...requestCountsOptions(id), enabled: false }).data?.newest_pending;
  const seen = useRef<{ project: string; at: string } | undefined>(undefined);
  const newestAt = newest?.created_at;
  const newestId = newest?.id;

  useEffect(() => {
    if (newestAt === undefined) return;
    const before = seen.current;
    const isNew = before?.project === id && newestAt > before.at;
    if (before?.project !== id || isNew) seen.current = { project: id, at: newestAt };
    if (!isNew || !isTold || document.visibilityState === "visible") return;
    // No name or text of strangers: others may see the screen.
    const notice = new Notification(frame.newRequest, { body: name ?? "", tag: `requests-${id}` });
    notice.onclick = () => {
      window.focus();
      goTo(`/console/a/${account.id}/p/${id}/requests/${newestId}`);
      notice.close();
    };
  }, [newestAt, newestId, id, name, isTold, account.id]);

  return isTold;
}
