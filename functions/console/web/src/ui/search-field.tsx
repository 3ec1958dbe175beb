import { useEffect, useRef, useState } from "react";
import { common } from "../texts/en/common";
import { useFieldIds } from "./field";
import fieldStyles from "./field.module.css";
import { Icon } from "./icon";
import styles from "./search-field.module.css";

const PAUSE = 500;

interface Props {
  label: string;
  placeholder?: string;
  value: string;
  /** Called 500 ms after the last key, and at once when it is cleared. */
  onSearch: (value: string) => void;
}

/** A search above a list. Key `/` leads here, Esc and “X” clear it. */
export function SearchField({ label, placeholder = label, value, onSearch }: Props) {
  const { id } = useFieldIds(undefined, undefined);
  const [typed, setTyped] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setTyped(next);
    clearTimeout(timer.current);
    if (next === "") onSearch("");
    else timer.current = setTimeout(() => onSearch(next.trim()), PAUSE);
  };
  const clear = () => {
    type("");
    input.current?.focus();
  };
  return (
    <div className={styles.search}>
      <label className="visually-hidden" htmlFor={id}>
        {label}
      </label>
      <Icon className={styles.glass} name="search" />
      <input
        autoComplete="off"
        className={fieldStyles.input}
        data-search
        id={id}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && typed) {
            event.stopPropagation();
            clear();
          }
          if (event.key === "Enter") {
            clearTimeout(timer.current);
            onSearch(typed.trim());
          }
        }}
        placeholder={placeholder}
        ref={input}
        type="text"
        value={typed}
      />
      {typed && (
        <button aria-label={common.clearSearch} className={fieldStyles.inside} onClick={clear} type="button">
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
