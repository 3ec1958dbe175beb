import { Link, type LinkProps } from "@tanstack/react-router";
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
  return (
    <nav aria-label={label} className={styles.tabs}>
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
