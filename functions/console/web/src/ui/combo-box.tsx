import { FieldFrame, type FieldProps, type Option, useFieldIds } from "./field";
import fieldStyles from "./field.module.css";
import { later, useLater } from "./loading";

const impl = later(() => import("./overlays/combo-box"));

export interface ComboBoxProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  options: readonly Option[];
  placeholder?: string;
}

/** A choice of one among many, found by typing. */
export function ComboBox(props: ComboBoxProps) {
  const { label, help, error, optional, hideLabel, value, options, placeholder } = props;
  const { id, describedBy } = useFieldIds(error, help);
  const module = useLater(impl, true);
  return (
    <FieldFrame error={error} help={help} hideLabel={hideLabel} id={id} label={label} optional={optional}>
      {module ? (
        <module.ComboBoxView {...props} describedBy={describedBy} id={id} inputClass={fieldStyles.input ?? ""} />
      ) : (
        <input
          className={fieldStyles.input}
          id={id}
          placeholder={placeholder}
          readOnly
          value={options.find((option) => option.value === value)?.label ?? ""}
        />
      )}
    </FieldFrame>
  );
}
