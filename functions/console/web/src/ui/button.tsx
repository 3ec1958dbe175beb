import type { ComponentPropsWithRef, MouseEvent, ReactNode } from "react";
import { common } from "../texts/en/common";
import styles from "./button.module.css";
import { classes } from "./classes";
import { Icon, type IconName } from "./icon";
import { useIsOnline } from "./online";

export type ButtonKind = "primary" | "plain" | "quiet" | "danger";

interface Looks {
  kind?: ButtonKind;
  small?: boolean;
  icon?: IconName;
  /** Stretches over the width that there is. */
  wide?: boolean;
  /** Shows an icon only. */
  square?: boolean;
}

interface ButtonProps
  extends Omit<Looks, "square">,
    Omit<ComponentPropsWithRef<"button">, "disabled" | "className" | "title"> {
  /** Shows that the action is under way; further presses do nothing. */
  isBusy?: boolean;
  /** Reason why the button cannot be used now; it stays focusable, so that the reason can be read. */
  blocked?: string | undefined;
  /** The action changes something, so it cannot be done offline. */
  changes?: boolean;
  children: ReactNode;
}

/** Why what changes something cannot be done now; undefined while the browser has a network. */
export function useOffline(changes = true): string | undefined {
  const isOnline = useIsOnline();
  return changes && !isOnline ? common.offlineButton : undefined;
}

/** A button with its name written on it. */
export function Button(props: ButtonProps) {
  const {
    kind = "plain",
    small,
    icon,
    wide,
    isBusy,
    blocked,
    changes = false,
    children,
    onClick,
    type,
    ...rest
  } = props;
  const offline = useOffline(changes);
  const reason = blocked ?? offline;
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (isBusy || reason) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      {...rest}
      aria-disabled={isBusy || reason ? true : undefined}
      className={looks({ kind, small, wide })}
      data-busy={isBusy || undefined}
      onClick={press}
      title={reason}
      type={type ?? "button"}
    >
      {icon && <Icon name={icon} />}
      <span className={styles.label}>{children}</span>
      {isBusy && <span className={styles.spinner} />}
      {isBusy && <span className="visually-hidden">{common.working}</span>}
    </button>
  );
}

/** The class of what looks like a button, for links. */
export function looks({ kind = "plain", small, wide, square }: Looks): string {
  return classes(styles.button, styles[kind], small && styles.small, wide && styles.wide, square && styles.square);
}

/** Properties of a link that leads to a change and looks like a button: offline, it is blocked like one, and stays focusable. */
export function useChangeLink(): Pick<ComponentPropsWithRef<"a">, "aria-disabled" | "onClick" | "title"> {
  const offline = useOffline();
  if (!offline) return {};
  return { "aria-disabled": true, onClick: (event) => event.preventDefault(), title: offline };
}

interface IconButtonProps
  extends Omit<ComponentPropsWithRef<"button">, "disabled" | "className" | "title" | "children"> {
  icon: IconName;
  /** Name of the action; shown as a tooltip. */
  label: string;
  kind?: "quiet" | "danger";
  isBusy?: boolean;
  /** Reason why the button cannot be used now. */
  blocked?: string | undefined;
  /** The action changes something, so it cannot be done offline. */
  changes?: boolean;
}

/** A button that shows an icon only. */
export function IconButton(props: IconButtonProps) {
  const { icon, label, kind = "quiet", isBusy, blocked, changes = false, onClick, type, ...rest } = props;
  const offline = useOffline(changes);
  const reason = blocked ?? offline;
  return (
    <button
      {...rest}
      aria-disabled={isBusy || reason ? true : undefined}
      aria-label={label}
      className={classes(styles.button, styles.square, styles.quiet, kind === "danger" && styles.quietDanger)}
      data-busy={isBusy || undefined}
      onClick={reason ? undefined : onClick}
      title={reason ?? label}
      type={type ?? "button"}
    >
      <Icon name={icon} />
      {isBusy && <span className={styles.spinner} />}
    </button>
  );
}
