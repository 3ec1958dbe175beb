import { Children, type ReactNode, useId, useState } from "react";
import { common } from "../texts/en/common";
import { Button } from "./button";
import styles from "./toolbar.module.css";

interface Props {
  /** The search first, then the filters. */
  children: ReactNode;
  /** Number of filters that are on. */
  active?: number;
}

/** Search and filters above a list. On a phone, all but the first stand behind “Filters (2)”. */
export function Toolbar({ children, active = 0 }: Props) {
  const [first, ...filters] = Children.toArray(children);
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <div className={styles.toolbar} data-filters>
      <div className={styles.first}>{first}</div>
      {filters.length > 0 && (
        <>
          <div className={styles.toggle}>
            <Button aria-controls={id} aria-expanded={isOpen} icon="settings" onClick={() => setOpen(!isOpen)} wide>
              {active > 0 ? common.filtersActive(active) : common.filters}
            </Button>
          </div>
          <div className={styles.filters} data-open={isOpen} id={id}>
            {filters}
          </div>
        </>
      )}
    </div>
  );
}
