import type { Permission } from "../../../api/me";
import type { PermissionDetails } from "../../../api/roles";
import { permissionTexts as texts } from "../../../texts/en/permissions";
import { Checkbox } from "../../../ui";
import { byArea, withPermission } from "./areas";
import styles from "./permissions.module.css";
import type { Standing } from "./standing";

interface Props {
  catalogue: readonly PermissionDetails[];
  /** The permissions chosen here. */
  value: readonly Permission[];
  onChange: (value: Permission[]) => void;
  /** Permissions that are held anyway, by a role. */
  ofRole?: readonly Permission[];
  standing: Standing;
  isReadOnly?: boolean;
  /** Name of the field, for the focus on an error. */
  name: string;
}

/** All permissions by area, each with what it does. What cannot be chosen says why. */
export function PermissionPicker({ catalogue, value, onChange, ofRole = [], standing, isReadOnly, name }: Props) {
  const reason = (key: Permission): string | undefined => {
    if (ofRole.includes(key)) return texts.ofRole;
    if (isReadOnly) return "";
    return standing.permissions.includes(key) ? undefined : texts.notHeld;
  };
  return (
    <div className={styles.areas}>
      {byArea(catalogue).map((area) => (
        <fieldset className={styles.area} key={area.key}>
          <legend className={styles.areaName}>{texts.areas[area.key]}</legend>
          {area.permissions.map(({ key, label, description }) => {
            const why = reason(key);
            return (
              <Checkbox
                blocked={why === undefined ? undefined : `${description} ${why}`.trim()}
                help={description}
                isSelected={ofRole.includes(key) || value.includes(key)}
                key={key}
                label={label}
                name={name}
                onChange={(isChosen) => onChange(withPermission(value, key, isChosen))}
              />
            );
          })}
        </fieldset>
      ))}
    </div>
  );
}
