import { type ReactNode, useRef, useState } from "react";
import { Button, type ButtonKind, IconButton } from "./button";
import type { IconName } from "./icon";
import { later, useLater } from "./loading";
import styles from "./menu.module.css";

const impl = later(() => import("./overlays/menu"));

export interface MenuEntry {
  id: string;
  label: string;
  icon?: IconName;
  /** A second, quieter line. */
  about?: string;
  isDangerous?: boolean;
  isSelected?: boolean;
  /** The action changes something, so it cannot be done offline. */
  changes?: boolean;
  /** Stays where a search does not find it. */
  isFixed?: boolean;
  /** An address to go to, instead of `onAction`. */
  href?: string;
  onAction?: () => void;
}

export interface MenuSection {
  title?: string;
  entries: readonly MenuEntry[];
}

interface Props {
  label: string;
  sections: readonly MenuSection[];
  /** Content of the button; without it, the button shows `icon`. */
  children?: ReactNode;
  icon?: IconName;
  kind?: ButtonKind;
  /** Replaces the button's own looks. */
  className?: string | undefined;
  placement?: "bottom start" | "bottom end" | "top start" | "top end";
  /** Names the button where its content is not in sight. */
  tip?: string | undefined;
  /** Label of a field that searches the entries; without one, there is none. */
  search?: string | undefined;
}

/** A button that opens a menu. The menu's code is loaded on the first hover or focus. */
export function MenuButton(props: Props) {
  const { label, sections, children, icon, kind, className, placement = "bottom end", tip, search } = props;
  const [isOpen, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const module = useLater(impl, isOpen);
  const common = {
    "aria-expanded": isOpen,
    "aria-haspopup": "menu" as const,
    onClick: () => setOpen(!isOpen),
    onFocus: () => void impl.load().catch(() => {}),
    onPointerEnter: () => void impl.load().catch(() => {}),
    ref: trigger,
  };
  return (
    <>
      {className ? (
        <button {...common} aria-label={label} className={className} data-tip={tip} type="button">
          {children}
        </button>
      ) : children ? (
        <Button {...common} icon={icon} kind={kind}>
          <span className={styles.with}>{children}</span>
        </Button>
      ) : (
        <IconButton {...common} icon={icon ?? "more"} label={label} />
      )}
      {module && (
        <module.MenuView
          isOpen={isOpen}
          label={label}
          onClose={() => setOpen(false)}
          placement={placement}
          search={search}
          sections={sections}
          trigger={trigger}
        />
      )}
    </>
  );
}
