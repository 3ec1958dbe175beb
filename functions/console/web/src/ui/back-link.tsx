import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import styles from "./back-link.module.css";
import { Icon } from "./icon";

/** Leads from one record, or the form of a new one, to the list of all. It stands above the heading, both directly in a `Page`, which sets their distance. */
export function BackLink({
  link,
  children,
}: {
  link: Pick<LinkProps, "to" | "params" | "search">;
  children: ReactNode;
}) {
  return (
    <Link {...link} className={styles.back}>
      <Icon className={styles.icon} name="chevronRight" />
      {children}
    </Link>
  );
}
