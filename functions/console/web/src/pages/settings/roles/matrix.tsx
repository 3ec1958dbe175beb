import { Fragment } from "react";
import type { PermissionDetails, Role } from "../../../api/roles";
import { permissionTexts } from "../../../texts/en/permissions";
import { roleTexts as texts } from "../../../texts/en/roles";
import { Icon } from "../../../ui";
import { byArea } from "../permissions/areas";
import styles from "./roles.module.css";

/** All permissions by area, each with the roles that hold it. It scrolls sideways for itself where there are many roles. */
export function Matrix({ catalogue, roles }: { catalogue: readonly PermissionDetails[]; roles: readonly Role[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section aria-label={texts.matrixCaption} className={styles.scroll} tabIndex={0}>
      <table className={styles.matrix}>
        <caption className="visually-hidden">{texts.matrixCaption}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.permission}</th>
            {roles.map(({ key, name }) => (
              <th key={key} scope="col">
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {byArea(catalogue).map((area) => (
            <Fragment key={area.key}>
              <tr>
                <th className={styles.area} colSpan={roles.length + 1} scope="colgroup">
                  {permissionTexts.areas[area.key]}
                </th>
              </tr>
              {area.permissions.map(({ key, label, description }) => (
                <tr key={key}>
                  <th scope="row">
                    {label}
                    <p className={styles.soft}>{description}</p>
                  </th>
                  {roles.map((role) => (
                    <td key={role.key}>
                      <Mark isHeld={role.permissions.includes(key)} />
                    </td>
                  ))}
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Mark({ isHeld }: { isHeld: boolean }) {
  return (
    <span className={isHeld ? styles.yes : styles.no}>
      {isHeld ? <Icon name="check" /> : <span aria-hidden="true">–</span>}
      <span className="visually-hidden">{isHeld ? texts.held : texts.notHeld}</span>
    </span>
  );
}
