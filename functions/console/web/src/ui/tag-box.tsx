import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { common } from "../texts/en/common";
import { classes } from "./classes";
import comboStyles from "./combo-box.module.css";
import { FieldFrame, type FieldProps, type Option, useFieldIds } from "./field";
import fieldStyles from "./field.module.css";
import { Icon } from "./icon";
import { announce } from "./live";
import styles from "./tag-box.module.css";
import { CREATE, cleaned, firstActive, nextActive, offered } from "./tag-box-state";

interface TagBoxProps extends FieldProps {
  /** Values of what is chosen. */
  value: readonly string[];
  onChange: (value: string[]) => void;
  options: readonly Option[];
  /** Words of the option that makes a new entry; without it, only what there is can be chosen. */
  create?: ((typed: string) => string) | undefined;
  /** Makes a new entry and answers its value. */
  onCreate?: ((typed: string) => string | Promise<string>) | undefined;
  /** Words of the button that takes an entry away. */
  removeOf: (label: string) => string;
  placeholder?: string;
  isReadOnly?: boolean | undefined;
  name?: string;
}

/** A choice of several among many, found by typing, which may make new ones. The focus stays in the field. */
export function TagBox(props: TagBoxProps) {
  const { label, help, error, optional, hideLabel, value, onChange, options, create, onCreate, removeOf } = props;
  const { placeholder, isReadOnly, name } = props;
  const { id, describedBy } = useFieldIds(error, help);
  const [typed, setTyped] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const latest = useRef(value);
  latest.current = value;
  const shown = offered(options, value, typed, create);
  const activeAt = shown.findIndex((option) => option.value === active);
  const hasList = isOpen && shown.length > 0;
  const labelOf = (entry: string) => options.find((option) => option.value === entry)?.label ?? entry;

  useEffect(() => {
    if (hasList) list.current?.children[activeAt]?.scrollIntoView({ block: "nearest" });
  }, [hasList, activeAt]);

  const close = () => {
    setOpen(false);
    setActive(undefined);
  };
  const put = (entry: string) => {
    if (!latest.current.includes(entry)) onChange([...latest.current, entry]);
  };
  const take = async (chosen: string | undefined) => {
    if (chosen === undefined || isBusy) return;
    setFailure(undefined);
    if (chosen !== CREATE) {
      put(chosen);
    } else if (onCreate) {
      setBusy(true);
      try {
        put(await onCreate(cleaned(typed)));
      } catch {
        setFailure(common.notCreated);
        return;
      } finally {
        setBusy(false);
      }
    }
    setTyped("");
    close();
  };
  const remove = (entry: string) => {
    onChange(value.filter((other) => other !== entry));
    announce(common.tagRemoved(labelOf(entry)));
    input.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setActive(nextActive(shown, active, event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && (isOpen || typed !== "")) {
      event.preventDefault();
      void take(active ?? firstActive(shown, typed));
    } else if (event.key === "Escape" && (isOpen || typed !== "")) {
      // A dialog around it stays open.
      event.stopPropagation();
      setTyped("");
      close();
    } else if (event.key === "Backspace" && typed === "" && value.length > 0) {
      event.preventDefault();
      remove(value.at(-1) ?? "");
    }
  };

  return (
    <FieldFrame error={error ?? failure} help={help} hideLabel={hideLabel} id={id} label={label} optional={optional}>
      {value.length > 0 && (
        <ul aria-label={label} className={styles.tags}>
          {value.map((entry) => (
            <li className={styles.tag} key={entry}>
              <bdi>{labelOf(entry)}</bdi>
              {!isReadOnly && (
                <button
                  aria-label={removeOf(labelOf(entry))}
                  className={styles.remove}
                  onClick={() => remove(entry)}
                  title={removeOf(labelOf(entry))}
                  type="button"
                >
                  <Icon name="close" size={12} />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {isReadOnly ? (
        value.length === 0 && <p className={fieldStyles.help}>{common.none}</p>
      ) : (
        <div className={classes(fieldStyles.select, comboStyles.frame)}>
          <input
            aria-activedescendant={hasList && activeAt >= 0 ? `${id}-${activeAt}` : undefined}
            aria-autocomplete="list"
            aria-busy={isBusy || undefined}
            aria-controls={hasList ? `${id}-list` : undefined}
            aria-describedby={describedBy}
            aria-expanded={hasList}
            aria-invalid={error || failure ? true : undefined}
            autoComplete="off"
            className={fieldStyles.input}
            dir="auto"
            id={id}
            name={name}
            onBlur={close}
            onChange={(event) => {
              setTyped(event.target.value);
              setFailure(undefined);
              setOpen(true);
              setActive(firstActive(offered(options, value, event.target.value, create), event.target.value));
            }}
            onClick={() => setOpen(true)}
            onKeyDown={onKeyDown}
            placeholder={placeholder}
            readOnly={isBusy}
            ref={input}
            role="combobox"
            spellCheck={false}
            type="text"
            value={typed}
          />
          <Icon name="chevronDown" />
          {hasList && (
            <div
              aria-label={label}
              className={comboStyles.list}
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
                  aria-selected={false}
                  className={comboStyles.option}
                  data-active={index === activeAt || undefined}
                  dir="auto"
                  id={`${id}-${index}`}
                  key={option.value}
                  onClick={() => void take(option.value)}
                  role="option"
                  tabIndex={-1}
                >
                  {option.label}
                </div>
              ))}
            </div>
          )}
          {isOpen && !hasList && typed.trim() !== "" && (
            <p className={classes(comboStyles.list, comboStyles.nothing)} role="status">
              {common.nothingFound}
            </p>
          )}
        </div>
      )}
    </FieldFrame>
  );
}
