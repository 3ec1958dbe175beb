import { type ComponentPropsWithRef, type ReactNode, useEffect, useId, useRef } from "react";
import { common } from "../texts/en/common";
import { classes } from "./classes";
import styles from "./field.module.css";
import { Icon } from "./icon";

/** Properties of every field: a visible label, help, and the message of the rule that it breaks. */
export interface FieldProps {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  /** Marks a field that may stay empty, behind its label. */
  optional?: boolean;
  /** Hides the label from sight where the place says it, such as a search. */
  hideLabel?: boolean;
}

/** Ids that tie a control to its help and message. */
export function useFieldIds(error: string | undefined, help: ReactNode) {
  const id = useId();
  const described = [error && `${id}-error`, help && `${id}-help`].filter(Boolean).join(" ");
  return { id, describedBy: described || undefined };
}

/** Label, control, message and help of a field, in this order. */
export function FieldFrame(props: FieldProps & { id: string; children: ReactNode; aside?: ReactNode }) {
  const { id, label, help, error, optional, hideLabel, children, aside } = props;
  return (
    <div className={styles.field}>
      <div className={hideLabel ? "visually-hidden" : styles.top}>
        <label className={styles.label} htmlFor={id}>
          {label}
          {optional && <span className={styles.optional}> {common.optional}</span>}
        </label>
        {aside}
      </div>
      {children}
      <FieldNotes error={error} help={help} id={id} />
    </div>
  );
}

export function FieldNotes({ id, error, help }: { id: string; error?: string | undefined; help?: ReactNode }) {
  return (
    <>
      {error && (
        <p className={styles.error} id={`${id}-error`}>
          <Icon name="alert" size={14} />
          <span>{error}</span>
        </p>
      )}
      {help && (
        <div className={styles.help} id={`${id}-help`}>
          {help}
        </div>
      )}
    </>
  );
}

/** Gives a control the focus when it appears. React's own `autoFocus` comes too early in a dialog over another one, which takes the focus back. */
export function useFirstFocus<Control extends HTMLElement>(isWanted: boolean | undefined) {
  const control = useRef<Control>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it appears
  useEffect(() => {
    if (isWanted) control.current?.focus();
  }, []);
  return control;
}

export type Native<Element extends "input" | "textarea" | "select"> = Omit<
  ComponentPropsWithRef<Element>,
  "value" | "onChange" | "className" | "id" | "required" | "size" | "ref"
>;

export interface TextProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  /** Control or link at the right end of the label's line. */
  aside?: ReactNode;
}

export function TextField(props: TextProps & Native<"input"> & { mono?: boolean }) {
  const { label, help, error, optional, hideLabel, aside, value, onChange, mono, autoFocus, ...rest } = props;
  const { id, describedBy } = useFieldIds(error, help);
  const input = useFirstFocus<HTMLInputElement>(autoFocus);
  return (
    <FieldFrame aside={aside} error={error} help={help} hideLabel={hideLabel} id={id} label={label} optional={optional}>
      <input
        type="text"
        {...rest}
        aria-describedby={describedBy}
        aria-invalid={error ? true : undefined}
        className={classes(styles.input, mono && styles.mono)}
        id={id}
        onChange={(event) => onChange(event.target.value)}
        ref={input}
        value={value}
      />
    </FieldFrame>
  );
}

export interface Option {
  value: string;
  label: string;
  isDisabled?: boolean;
}

/** A choice of one in a native list, for up to some twenty options; more need a `ComboBox`. */
export function Select(props: TextProps & Native<"select"> & { options: readonly Option[] }) {
  const { label, help, error, optional, hideLabel, aside, value, onChange, options, ...rest } = props;
  const { id, describedBy } = useFieldIds(error, help);
  // A choice that is not among the options, such as before they are read, must not look like another one.
  const isKnown = value === "" || options.some((option) => option.value === value);
  return (
    <FieldFrame aside={aside} error={error} help={help} hideLabel={hideLabel} id={id} label={label} optional={optional}>
      <div className={styles.select}>
        <select
          {...rest}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          className={styles.input}
          id={id}
          onChange={(event) => onChange(event.target.value)}
          value={value}
        >
          {!isKnown && <option value={value}>{common.ellipsis}</option>}
          {options.map((option) => (
            <option disabled={option.isDisabled} key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon name="chevronDown" />
      </div>
    </FieldFrame>
  );
}
