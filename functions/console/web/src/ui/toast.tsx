import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { common } from "../texts/en/common";
import { IconButton } from "./button";
import { classes } from "./classes";
import { Icon } from "./icon";
import styles from "./toast.module.css";

interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
  link?: ReactNode;
  series?: string | undefined;
}

const SHOWN = 6_000;
const SHOWN_WITH_LINK = 12_000;

let shown: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

/** Short messages about outcomes, in a corner of the page. Errors stay until they are closed. */
export const toasts = {
  /** Of one series, only the latest is shown: whoever does the same many times needs no pile of them. */
  done(text: string, link?: ReactNode, series?: string): void {
    last += 1;
    const others = series === undefined ? shown : shown.filter((toast) => toast.series !== series);
    change([...others, { id: last, tone: "good", text, link, series }]);
  },
  failed(text: string): void {
    last += 1;
    change([...shown.slice(-4), { id: last, tone: "bad", text }]);
  },
  clear(): void {
    change([]);
  },
};

/** The corner of the toasts, once on each page; F6 leads there and back. */
export function Toasts() {
  const list = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
  const region = useRef<HTMLElement>(null);
  const before = useRef<Element | null>(null);
  const [isPaused, setPaused] = useState(false);

  useEffect(() => {
    const go = (event: KeyboardEvent) => {
      if (event.key !== "F6" || !region.current || shown.length === 0) return;
      event.preventDefault();
      if (region.current.contains(document.activeElement)) {
        if (before.current instanceof HTMLElement) before.current.focus();
      } else {
        before.current = document.activeElement;
        region.current.focus();
      }
    };
    addEventListener("keydown", go);
    return () => removeEventListener("keydown", go);
  }, []);

  return (
    <section
      aria-label={common.notifications}
      className={styles.region}
      // A dialog hides what is behind it from screen readers, but not this.
      data-no-print
      data-react-aria-top-layer="true"
      onBlur={() => setPaused(false)}
      onFocus={() => setPaused(true)}
      onPointerEnter={() => setPaused(true)}
      onPointerLeave={() => setPaused(false)}
      ref={region}
      tabIndex={-1}
    >
      {list.map((toast) => (
        <ToastView isPaused={isPaused} key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function ToastView({ toast, isPaused }: { toast: Toast; isPaused: boolean }) {
  const { id, tone, text, link } = toast;
  const close = () => change(shown.filter((other) => other.id !== id));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time begins anew when the pause ends
  useEffect(() => {
    if (tone === "bad" || isPaused) return;
    const timer = setTimeout(close, link ? SHOWN_WITH_LINK : SHOWN);
    return () => clearTimeout(timer);
  }, [isPaused]);
  return (
    <div className={classes(styles.toast, styles[tone])} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={tone === "bad" ? "alert" : "check"} />
      <p className={styles.text}>
        {text}
        {link && <> {link}</>}
      </p>
      <IconButton icon="close" label={common.dismiss} onClick={close} />
    </div>
  );
}
