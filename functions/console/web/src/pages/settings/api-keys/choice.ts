import type { Permission } from "../../../api/me";
import type { PermissionDetails } from "../../../api/roles";

/** Permissions that a key limited to an environment can have. */
const OF_ENVIRONMENT: readonly Permission[] = ["conversations.read", "conversations.reply"];

/** Why a permission cannot be given to a key; undefined if it can. */
export type Obstacle = "not-held" | "not-in-environment" | undefined;

export function obstacleOf(
  permission: Permission,
  held: readonly Permission[],
  isLimitedToEnvironment: boolean,
): Obstacle {
  if (isLimitedToEnvironment && !OF_ENVIRONMENT.includes(permission)) return "not-in-environment";
  return held.includes(permission) ? undefined : "not-held";
}

/** The chosen permissions without those that cannot be given, in the order of the catalogue. */
export function givable(
  chosen: readonly Permission[],
  held: readonly Permission[],
  isLimitedToEnvironment: boolean,
): Permission[] {
  return chosen.filter((permission) => obstacleOf(permission, held, isLimitedToEnvironment) === undefined);
}

/** Permissions by the part of the system that they are about, both in the order of the catalogue. */
export function byArea(catalogue: readonly PermissionDetails[]) {
  const areas = new Map<PermissionDetails["area"], PermissionDetails[]>();
  for (const permission of catalogue) {
    const known = areas.get(permission.area);
    if (known) known.push(permission);
    else areas.set(permission.area, [permission]);
  }
  return [...areas].map(([area, permissions]) => ({ area, permissions }));
}
