import { useEffect, useState } from "react";
import { queryClient } from "../api/query";
import { formatTime } from "../format";
import { common } from "../texts/en/common";
import { useIsOnline } from "../ui/online";
import styles from "./frame.module.css";

/** Says since when the page is not current. On return, everything is read again. */
export function OfflineBar() {
  const isOnline = useIsOnline();
  const [since, setSince] = useState<number>();
  useEffect(() => {
    if (isOnline) {
      if (since !== undefined) void queryClient.invalidateQueries();
      setSince(undefined);
    } else {
      setSince((before) => before ?? Date.now());
    }
  }, [isOnline, since]);
  if (isOnline || since === undefined) return null;
  return (
    <div className={styles.offline} role="status">
      {common.offlineBar(formatTime(since))}
    </div>
  );
}
