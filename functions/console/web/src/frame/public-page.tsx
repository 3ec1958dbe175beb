import type { ReactNode } from "react";
import { common } from "../texts/en/common";
import { PageHeading } from "../ui/heading";
import { Logo } from "./logo";
import styles from "./public-page.module.css";

interface Props {
  title: ReactNode;
  about?: ReactNode;
  children?: ReactNode;
  /** Links below the card. */
  foot?: ReactNode;
}

/** A page for those who have not signed in: one card in the middle. */
export function PublicPage({ title, about, children, foot }: Props) {
  return (
    <div className={styles.place}>
      <header className={styles.brand}>
        <Logo size={28} /> {common.product}
      </header>
      <main className={styles.card} id="content" tabIndex={-1}>
        <PageHeading about={about} title={title} />
        {children}
      </main>
      {foot && <footer className={styles.foot}>{foot}</footer>}
    </div>
  );
}
