import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import styles from "./tabs.module.css";

interface Tab {
  key: string;
  label: string;
  count?: string;
  isCurrent: boolean;
  link: Pick<LinkProps, "to" | "params" | "search">;
}

/** Parts of a page, each with an address of its own. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const bar = useRef<HTMLElement>(null);
  const current = tabs.find(({ isCurrent }) => isCurrent)?.key;
  const counted = tabs.filter(({ count }) => count !== undefined).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: counts that arrive make the tabs wider
  useEffect(() => {
    const show = () => bar.current && bringIntoView(bar.current);
    show();
    addEventListener("resize", show);
    return () => removeEventListener("resize", show);
  }, [current, counted]);
  return (
    <nav aria-label={label} className={styles.tabs} ref={bar}>
      {tabs.map(({ key, label: text, count, isCurrent, link }) => (
        <Link
          {...link}
          activeOptions={{ exact: true, explicitUndefined: true }}
          aria-current={isCurrent ? "page" : undefined}
          className={styles.tab}
          key={key}
        >
          {text}
          {count !== undefined && <span className={styles.count}>{count}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Scrolls tabs that are wider than the window sideways, so that the current one is in sight. */
function bringIntoView(bar: HTMLElement): void {
  const tab = bar.querySelector("[aria-current]")?.getBoundingClientRect();
  if (!tab) return;
  const frame = bar.getBoundingClientRect();
  if (tab.left < frame.left) bar.scrollLeft += tab.left - frame.left;
  else if (tab.right > frame.right) bar.scrollLeft += tab.right - frame.right;
}
