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
  return (
    <div className={styles.toolbar} data-filters>
      <div className={styles.first}>{first}</div>
      {filters.length > 0 && <Folded active={active}>{filters}</Folded>}
    </div>
  );
}

interface FilterProps {
  /** Name of the region. */
  label: string;
  children: ReactNode;
  /** Number of filters that are on. */
  active: number;
}

/** Filters of a page without a search. On a phone, all of them stand behind “Filters (2)”. */
export function FilterRow({ label, children, active }: FilterProps) {
  return (
    <section aria-label={label} className={styles.toolbar} data-filters>
      <Folded active={active}>{children}</Folded>
    </section>
  );
}

function Folded({ active, children }: { active: number; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <div className={styles.toggle}>
        <Button aria-controls={id} aria-expanded={isOpen} icon="settings" onClick={() => setOpen(!isOpen)} wide>
          {active > 0 ? common.filtersActive(active) : common.filters}
        </Button>
      </div>
      <div className={styles.filters} data-open={isOpen} id={id}>
        {children}
      </div>
    </>
  );
}
