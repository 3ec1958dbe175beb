import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { common } from "../texts/en/common";
import { classes } from "./classes";
import styles from "./layout.module.css";
import { Marked, type Range } from "./marked";

/** Pixels by which what is cut exceeds the padding of a link; less than a line. */
const CUT_MIN = 8;

interface Props {
  children: string;
  /** Matches of a search in it. */
  ranges?: readonly Range[];
  /** Puts it into a link, outside of which the button for the rest stays. */
  within?: (text: ReactNode) => ReactNode;
}

/** A name or text that a stranger wrote: isolated, clamped to two lines, with the rest on demand. */
export function StrangersText({ children, ranges, within = (shown) => shown }: Props) {
  const text = useRef<HTMLElement>(null);
  const [isCut, setCut] = useState(false);
  const [isOpen, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew for another text
  useLayoutEffect(() => {
    const shown = text.current;
    if (shown) setCut(shown.scrollHeight > shown.clientHeight + CUT_MIN);
  }, [children]);
  return (
    <>
      <bdi className={classes(styles.strangers, !isOpen && styles.clamped)} dir="auto" ref={text}>
        {within(ranges?.length ? <Marked ranges={ranges} text={children} /> : children)}
      </bdi>
      {isCut && !isOpen && (
        <button className={styles.linkButton} onClick={() => setOpen(true)} type="button">
          {common.showAll}
        </button>
      )}
    </>
  );
}
