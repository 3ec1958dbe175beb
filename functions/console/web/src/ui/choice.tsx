import type { ReactNode } from "react";
import { useOffline } from "./button";
import { FieldNotes, type Option, useFieldIds } from "./field";
import styles from "./field.module.css";

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

/** A choice that takes effect, by itself or with its form. With `changes` it does so by itself, so it cannot be made offline. */
export function Switch({ changes = false, blocked, ...props }: CheckProps & { changes?: boolean }) {
  const offline = useOffline(changes);
  return <Check {...props} blocked={blocked ?? offline} isSwitch />;
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
