import { formatNumber } from "../format";
import { common } from "../texts/en/common";
import { classes } from "./classes";
import { FieldFrame, type Native, type TextProps, useFieldIds, useFirstFocus } from "./field";
import styles from "./field.module.css";

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
      {common.charactersOf(formatNumber(value.length), formatNumber(limit))}
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
