import { type ComponentPropsWithRef, type ReactNode, useEffect, useId, useRef, useState } from "react";
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

type Native<Element extends "input" | "textarea" | "select"> = Omit<
  ComponentPropsWithRef<Element>,
  "value" | "onChange" | "className" | "id" | "required" | "size" | "ref"
>;

interface TextProps extends FieldProps {
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

/** A field for a password, which can be shown. */
export function PasswordField(props: TextProps & Native<"input">) {
  const { label, help, error, optional, hideLabel, aside, value, onChange, autoFocus, ...rest } = props;
  const { id, describedBy } = useFieldIds(error, help);
  const input = useFirstFocus<HTMLInputElement>(autoFocus);
  const [isShown, setShown] = useState(false);
  return (
    <FieldFrame aside={aside} error={error} help={help} hideLabel={hideLabel} id={id} label={label} optional={optional}>
      <div className={styles.withButton}>
        <input
          maxLength={128}
          {...rest}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          autoCapitalize="off"
          autoCorrect="off"
          className={styles.input}
          id={id}
          onChange={(event) => onChange(event.target.value)}
          ref={input}
          spellCheck={false}
          type={isShown ? "text" : "password"}
          value={value}
        />
        <button
          aria-controls={id}
          aria-label={common.showPassword}
          aria-pressed={isShown}
          className={styles.inside}
          onClick={() => setShown(!isShown)}
          title={common.showPassword}
          type="button"
        >
          <Icon name={isShown ? "eyeOff" : "eye"} />
        </button>
      </div>
    </FieldFrame>
  );
}

/** A field for several lines. With `limit`, a counter appears near it. */
export function TextArea(props: TextProps & Native<"textarea"> & { limit?: number }) {
  const {
    label,
    help,
    error,
    optional,
    hideLabel,
    aside,
    value,
    onChange,
    limit,
    rows = 3,
    autoFocus,
    ...rest
  } = props;
  const { id, describedBy } = useFieldIds(error, help);
  const area = useFirstFocus<HTMLTextAreaElement>(autoFocus);
  const isNearLimit = limit !== undefined && value.length >= limit * 0.9;
  const counter = isNearLimit && (
    <span aria-live="polite" className={classes(styles.counter, value.length > limit && styles.over)}>
      {common.charactersOf(value.length, limit)}
    </span>
  );
  return (
    <FieldFrame
      aside={aside ?? counter}
      error={error}
      help={help}
      hideLabel={hideLabel}
      id={id}
      label={label}
      optional={optional}
    >
      <textarea
        rows={rows}
        {...rest}
        aria-describedby={describedBy}
        aria-invalid={error ? true : undefined}
        className={classes(styles.input, styles.area)}
        dir="auto"
        id={id}
        onChange={(event) => onChange(event.target.value)}
        ref={area}
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

interface CheckProps {
  label: ReactNode;
  help?: ReactNode;
  /** Reason why the choice cannot be changed. */
  blocked?: string | undefined;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  name?: string;
}

export function Checkbox({ isIndeterminate, ...props }: CheckProps & { isIndeterminate?: boolean }) {
  return <Check {...props} isIndeterminate={isIndeterminate} />;
}

/** A choice that takes effect, by itself or with its form. */
export function Switch(props: CheckProps) {
  return <Check {...props} isSwitch />;
}

function Check(props: CheckProps & { isSwitch?: boolean; isIndeterminate?: boolean | undefined }) {
  const { label, help, blocked, isSelected, onChange, name, isSwitch, isIndeterminate } = props;
  const notes = blocked ?? help;
  const { id, describedBy } = useFieldIds(undefined, notes);
  return (
    <div className={styles.check}>
      <input
        aria-describedby={describedBy}
        checked={isSelected}
        className={isSwitch ? styles.switch : styles.box}
        disabled={blocked !== undefined}
        id={id}
        name={name}
        onChange={(event) => onChange(event.target.checked)}
        ref={(box) => {
          if (box) box.indeterminate = isIndeterminate ?? false;
        }}
        role={isSwitch ? "switch" : undefined}
        type="checkbox"
      />
      <div>
        <label className={styles.checkLabel} htmlFor={id}>
          {label}
        </label>
        <FieldNotes help={notes} id={id} />
      </div>
    </div>
  );
}

interface RadioGroupProps {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  value: string;
  onChange: (value: string) => void;
  options: readonly (Option & { help?: ReactNode })[];
  name?: string;
}

/** A choice of one with all options in sight. */
export function RadioGroup({ label, help, error, value, onChange, options, name }: RadioGroupProps) {
  const { id, describedBy } = useFieldIds(error, help);
  return (
    <fieldset aria-describedby={describedBy} className={styles.field}>
      <legend className={styles.label}>{label}</legend>
      <FieldNotes error={error} help={help} id={id} />
      <div className={styles.options}>
        {options.map((option) => (
          <div className={styles.check} key={option.value}>
            <input
              aria-describedby={option.help ? `${id}-${option.value}-help` : undefined}
              checked={option.value === value}
              className={styles.radio}
              disabled={option.isDisabled}
              id={`${id}-${option.value}`}
              name={name ?? id}
              onChange={() => onChange(option.value)}
              type="radio"
              value={option.value}
            />
            <div>
              <label className={styles.checkLabel} htmlFor={`${id}-${option.value}`}>
                {option.label}
              </label>
              <FieldNotes help={option.help} id={`${id}-${option.value}`} />
            </div>
          </div>
        ))}
      </div>
    </fieldset>
  );
}

/** Fields that belong together, below a heading of their own. */
export function FieldGroup(props: {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
}) {
  const { id, describedBy } = useFieldIds(props.error, props.help);
  return (
    <fieldset aria-describedby={describedBy} className={styles.field}>
      <legend className={styles.label}>{props.label}</legend>
      <FieldNotes error={props.error} help={props.help} id={id} />
      <div className={styles.options}>{props.children}</div>
    </fieldset>
  );
}
