import { type ReactNode, useEffect, useRef } from "react";
import { hasNavigated } from "../navigation";
import styles from "./layout.module.css";

interface Props {
  title: ReactNode;
  /** One line below the title. */
  about?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
}

/** The `h1` of a page. It receives the focus when the page was reached from another one. */
export function PageHeading({ title, about, actions }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hasNavigated()) heading.current?.focus();
  }, []);
  return (
    <header className={styles.heading}>
      <div className={styles.headingWords}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {about && <p className={styles.about}>{about}</p>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
