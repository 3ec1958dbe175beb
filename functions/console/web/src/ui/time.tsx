import { type ReactNode, useSyncExternalStore } from "react";
import { formatDate, formatDateTime, formatExact, formatRelative, formatTime, useTimeSettings } from "../format";

let now = Date.now();

/** One clock for all times shown, once a minute. */
function subscribe(listener: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    listener();
  }, 60_000);
  return () => clearInterval(timer);
}

/** The time of the clock, which moves on once a minute. */
export function useNow(): number {
  const current = useSyncExternalStore(subscribe, () => now);
  return Math.max(current, Date.now() - 60_000);
}

interface Props {
  at: string;
  /** `relative` (“5 min ago” up to a day), `date`, `clock` for a day that is told already, or `full`. */
  as?: "relative" | "date" | "clock" | "full";
  /** Words that say it in place of the time, such as “Waiting 3 hr”. */
  children?: ReactNode;
}

/** A point in time; the exact one shows on hover and focus. Not for the inside of a link or button. */
export function Time({ at, as = "relative", children }: Props) {
  const current = useNow();
  const settings = useTimeSettings();
  const text =
    as === "date"
      ? formatDate(at, settings)
      : as === "clock"
        ? formatTime(Date.parse(at), settings)
        : as === "full"
          ? formatDateTime(at, settings)
          : formatRelative(at, current, settings);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: on focus it shows the exact time, which a mouse finds by hovering
    <time dateTime={at} tabIndex={0} title={formatExact(at, settings)}>
      {children ?? text}
    </time>
  );
}
