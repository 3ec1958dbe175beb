import type { Permission } from "../../../api/me";
import type { PermissionDetails } from "../../../api/roles";

export interface Area {
  key: PermissionDetails["area"];
  permissions: PermissionDetails[];
}

/** The permissions by what they are about, in the API's order. */
export function byArea(permissions: readonly PermissionDetails[]): Area[] {
  const areas = new Map<Area["key"], PermissionDetails[]>();
  for (const permission of permissions) {
    const known = areas.get(permission.area);
    if (known) known.push(permission);
    else areas.set(permission.area, [permission]);
  }
  return [...areas].map(([key, list]) => ({ key, permissions: list }));
}

/** The labels of permissions, in the catalogue's order; a key that it does not know stands for itself. */
export function labelsOf(keys: readonly string[], catalogue: readonly PermissionDetails[]): string[] {
  const known = catalogue.filter(({ key }) => keys.includes(key));
  const unknown = keys.filter((key) => !catalogue.some((permission) => permission.key === key));
  return [...known.map(({ label }) => label), ...unknown];
}

/** The list with a permission added or taken away, in a fixed order, so that equal choices are equal lists. */
export function withPermission(list: readonly Permission[], key: Permission, isChosen: boolean): Permission[] {
  const rest = list.filter((other) => other !== key);
  return (isChosen ? [...rest, key] : rest).sort();
}
