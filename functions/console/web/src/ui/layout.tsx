import type { ReactNode, Ref } from "react";
import { classes } from "./classes";
import styles from "./layout.module.css";
import tones from "./tones.module.css";

/** The content of a page: its heading, then its parts. `isNarrow` for forms and texts. */
export function Page(props: { children: ReactNode; isNarrow?: boolean; ref?: Ref<HTMLDivElement> }) {
  const { children, isNarrow, ref } = props;
  return (
    <div className={classes(styles.page, isNarrow && styles.narrow)} ref={ref}>
      {children}
    </div>
  );
}

/** A bordered part of a page, with a heading of its own. */
export function Section(props: { title?: ReactNode; about?: ReactNode; actions?: ReactNode; children?: ReactNode }) {
  const { title, about, actions, children } = props;
  return (
    <section className={styles.section}>
      {(title || actions) && (
        <header className={styles.sectionTop}>
          <div className={styles.headingWords}>
            {title && <h2>{title}</h2>}
            {about && <p className={styles.about}>{about}</p>}
          </div>
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
      )}
      {children && <div className={styles.sectionBody}>{children}</div>}
    </section>
  );
}

/** An action of a section: its description at the left, its button at the right. */
export function Offer({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.offer}>
      <div className={styles.offerWords}>
        <h3>{title}</h3>
        <p className={styles.about}>{about}</p>
      </div>
      {children}
    </div>
  );
}

/** Parts below each other, at the distance of the grid. */
export function Stack({ children, gap = 4 }: { children: ReactNode; gap?: 1 | 2 | 3 | 4 | 5 }) {
  return <div className={classes(styles.stack, styles[`gap${gap}`])}>{children}</div>;
}

/** Parts beside each other, wrapping where there is no room. */
export function Row({ children, align }: { children: ReactNode; align?: "start" | "end" | "between" }) {
  return <div className={classes(styles.row, align && styles[align])}>{children}</div>;
}

/** Names and values: `[["Created", <Time …/>], …]`. */
export function Details({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.details}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A message in the page: what to know, to mind, or what went wrong. */
export function Notice({ tone = "info", children }: { tone?: "info" | "good" | "warn" | "bad"; children: ReactNode }) {
  return (
    <div
      className={classes(styles.notice, tones[tone === "info" ? "blue" : tone])}
      role={tone === "bad" ? "alert" : undefined}
    >
      {children}
    </div>
  );
}
