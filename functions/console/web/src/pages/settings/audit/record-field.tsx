import { useEffect, useRef, useState } from "react";
import { audit as texts } from "../../../texts/en/audit";
import { TextField } from "../../../ui";

const PAUSE = 500;

interface Props {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

/** The filter by a record, asked for 500 ms after the last key. */
export function RecordField({ value, error, onChange }: Props) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next.trim()), PAUSE);
  };
  return (
    <TextField
      autoComplete="off"
      error={error}
      label={texts.target}
      onChange={type}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        clearTimeout(timer.current);
        onChange(typed.trim());
      }}
      placeholder={texts.targetPlaceholder}
      spellCheck={false}
      value={typed}
    />
  );
}
