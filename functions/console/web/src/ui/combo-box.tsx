import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { common } from "../texts/en/common";
import { classes } from "./classes";
import styles from "./combo-box.module.css";
import { CLOSED, type ComboBoxState, fieldText, matching, stepped, typedText, valueOnLeaving } from "./combo-box-state";
import { FieldFrame, type FieldProps, type Option, useFieldIds } from "./field";
import fieldStyles from "./field.module.css";
import { Icon } from "./icon";

interface ComboBoxProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  options: readonly Option[];
  placeholder?: string;
}

/** A choice of one among many, found by typing. The focus stays in the field; the list follows it in the page. */
export function ComboBox(props: ComboBoxProps) {
  const { label, help, error, optional, hideLabel, value, onChange, options, placeholder } = props;
  const { id, describedBy } = useFieldIds(error, help);
  const [state, setState] = useState<ComboBoxState>(CLOSED);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const shown = matching(options, state.typed);
  const activeAt = shown.findIndex((option) => option.value === state.active);
  const hasList = state.isOpen && shown.length > 0;

  useEffect(() => {
    if (!hasList) return;
    list.current?.scrollIntoView({ block: "nearest" });
    list.current?.children[activeAt]?.scrollIntoView({ block: "nearest" });
  }, [hasList, activeAt]);

  const finish = (next: string) => {
    setState(CLOSED);
    if (next !== value) onChange(next);
  };

  const open = () => setState({ isOpen: true, active: value || undefined });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setState(stepped(state, value, options, event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && state.isOpen) {
      event.preventDefault();
      finish(state.active ?? valueOnLeaving(state, value, options));
    } else if (event.key === "Escape" && state.isOpen) {
      // A dialog around it stays open.
      event.stopPropagation();
      setState(CLOSED);
    }
  };

  return (
    <FieldFrame error={error} help={help} hideLabel={hideLabel} id={id} label={label} optional={optional}>
      <div className={classes(fieldStyles.select, styles.frame)}>
        <input
          aria-activedescendant={hasList && activeAt >= 0 ? `${id}-${activeAt}` : undefined}
          aria-autocomplete="list"
          aria-controls={hasList ? `${id}-list` : undefined}
          aria-describedby={describedBy}
          aria-expanded={hasList}
          aria-invalid={error ? true : undefined}
          autoComplete="off"
          className={fieldStyles.input}
          dir="auto"
          id={id}
          onBlur={() => finish(valueOnLeaving(state, value, options))}
          onChange={(event) => setState(typedText(options, event.target.value))}
          onClick={() => {
            if (state.isOpen) return;
            open();
            // Typing replaces the choice.
            input.current?.select();
          }}
          onKeyDown={onKeyDown}
          placeholder={placeholder}
          ref={input}
          role="combobox"
          spellCheck={false}
          type="text"
          value={fieldText(state, value, options)}
        />
        <Icon name="chevronDown" />
        {hasList && (
          <div
            aria-label={label}
            className={styles.list}
            id={`${id}-list`}
            // The focus stays in the field.
            onMouseDown={(event) => event.preventDefault()}
            ref={list}
            role="listbox"
            tabIndex={-1}
          >
            {shown.map((option, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
              <div
                aria-selected={option.value === value}
                className={styles.option}
                data-active={index === activeAt || undefined}
                dir="auto"
                id={`${id}-${index}`}
                key={option.value}
                onClick={() => finish(option.value)}
                role="option"
                tabIndex={-1}
              >
                {option.label}
              </div>
            ))}
          </div>
        )}
        {state.isOpen && !hasList && (
          <p className={classes(styles.list, styles.nothing)} role="status">
            {common.nothingFound}
          </p>
        )}
      </div>
    </FieldFrame>
  );
}
