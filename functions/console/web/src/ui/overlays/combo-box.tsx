import { ComboBox, Input, ListBox, ListBoxItem, Popover } from "react-aria-components";
import { common } from "../../texts/en/common";
import type { ComboBoxProps } from "../combo-box";
import styles from "./menu.module.css";

/** The list behind a combo box; its label and notes stand outside. */
export function ComboBoxView(
  props: ComboBoxProps & { id: string; describedBy: string | undefined; inputClass: string },
) {
  const { id, describedBy, inputClass, label, value, onChange, options, placeholder, error } = props;
  return (
    <ComboBox
      aria-label={label}
      defaultItems={options}
      isInvalid={error !== undefined}
      menuTrigger="focus"
      onSelectionChange={(key) => onChange(key === null ? "" : String(key))}
      selectedKey={value || null}
    >
      <Input aria-describedby={describedBy} className={inputClass} id={id} placeholder={placeholder} />
      <Popover className={styles.popover ?? ""}>
        <ListBox
          className={styles.menu ?? ""}
          renderEmptyState={() => <p className={styles.header}>{common.nothingFound}</p>}
        >
          {(option: { value: string; label: string }) => (
            <ListBoxItem className={styles.item ?? ""} id={option.value} textValue={option.label}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
