import { useSyncExternalStore } from "react";
import { formatDate, formatDateTime, formatExact, formatRelative, useTimeSettings } from "../format";

let now = Date.now();

/** One clock for all times shown, once a minute. */
function subscribe(listener: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    listener();
  }, 60_000);
  return () => clearInterval(timer);
}

interface Props {
  at: string;
  /** `relative` (“5 min ago” up to a day), `date`, or `full`. */
  as?: "relative" | "date" | "full";
}

/** A point in time; the exact one stands in its tooltip. */
export function Time({ at, as = "relative" }: Props) {
  const current = useSyncExternalStore(subscribe, () => now);
  const settings = useTimeSettings();
  const text =
    as === "date"
      ? formatDate(at, settings)
      : as === "full"
        ? formatDateTime(at, settings)
        : formatRelative(at, Math.max(current, Date.now() - 60_000), settings);
  return (
    <time dateTime={at} title={formatExact(at, settings)}>
      {text}
    </time>
  );
}
