import { useState } from "react";
import { common } from "../texts/en/common";
import { FieldFrame, type Native, type TextProps, useFieldIds, useFirstFocus } from "./field";
import styles from "./field.module.css";
import { Icon } from "./icon";

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
