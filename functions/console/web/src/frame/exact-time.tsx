import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import styles from "./idle-parts.module.css";

/** Pixels between a time and its tip, and between the tip and the edge of the window. */
const GAP = 6;

/** Shows the exact time beside the one that has the focus (U140). A mouse finds it in the browser's own tooltip. */
export function ExactTime() {
  const [time, setTime] = useState<HTMLTimeElement>();
  useEffect(() => {
    const enter = ({ target }: FocusEvent) =>
      setTime(target instanceof HTMLTimeElement && target.matches(":focus-visible") ? target : undefined);
    const leave = () => setTime(undefined);
    const press = ({ key }: KeyboardEvent) => key === "Escape" && leave();
    addEventListener("focusin", enter);
    addEventListener("focusout", leave);
    addEventListener("keydown", press);
    return () => {
      removeEventListener("focusin", enter);
      removeEventListener("focusout", leave);
      removeEventListener("keydown", press);
    };
  }, []);
  return time && createPortal(<Tip time={time} />, document.body);
}

/** Screen readers know the exact time as the description of the other one. */
function Tip({ time }: { time: HTMLTimeElement }) {
  const tip = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const shown = tip.current;
    if (!shown) return;
    // Above everything, dialogs too.
    shown.showPopover();
    const place = () => {
      const beside = time.getBoundingClientRect();
      const { width, height } = shown.getBoundingClientRect();
      const below = beside.bottom + GAP;
      shown.style.top = `${below + height < innerHeight ? below : beside.top - GAP - height}px`;
      shown.style.left = `${Math.max(GAP, Math.min(beside.left, innerWidth - GAP - width))}px`;
    };
    place();
    // An element that receives the focus may be scrolled into sight.
    addEventListener("scroll", place, { capture: true, passive: true });
    return () => removeEventListener("scroll", place, { capture: true });
  }, [time]);
  return (
    <div aria-hidden="true" className={styles.tip} popover="manual" ref={tip}>
      {time.title}
    </div>
  );
}
