import type { Permission } from "../../../api/me";
import type { Role } from "../../../api/roles";
import type { ConflictingField } from "../../../ui";

/** The changeable values of a role. */
export interface RoleValues {
  name: string;
  description: string;
  permissions: Permission[];
}

export const NEW: RoleValues = { name: "", description: "", permissions: [] };

export function valuesOf(role: Role): RoleValues {
  return { name: role.name, description: role.description ?? "", permissions: [...role.permissions].sort() };
}

/** The body that is sent for a form; a description without words is none. */
export function bodyOf({ name, description, permissions }: RoleValues) {
  return { name: name.trim(), description: description.trim() || null, permissions };
}

/** The change from what was read to what is wanted: only what differs, so that no other change is undone. */
export function changeOf(before: RoleValues, wanted: RoleValues): Partial<ReturnType<typeof bodyOf>> {
  const [old, next] = [bodyOf(before), bodyOf(wanted)];
  const change: Partial<ReturnType<typeof bodyOf>> = {};
  if (old.name !== next.name) change.name = next.name;
  if (old.description !== next.description) change.description = next.description;
  if (JSON.stringify(old.permissions) !== JSON.stringify(next.permissions)) change.permissions = next.permissions;
  return change;
}

/** The fields in which two people's wishes differ, in words (U132). */
export function conflictsOf(
  mine: RoleValues,
  theirs: RoleValues,
  labels: Record<keyof RoleValues, string>,
  list: (keys: readonly string[]) => string,
): ConflictingField[] {
  const change = changeOf(theirs, mine);
  const fields: ConflictingField[] = [];
  if ("name" in change) fields.push({ label: labels.name, mine: mine.name, theirs: theirs.name });
  if ("description" in change) {
    fields.push({ label: labels.description, mine: mine.description, theirs: theirs.description });
  }
  if ("permissions" in change) {
    fields.push({ label: labels.permissions, mine: list(mine.permissions), theirs: list(theirs.permissions) });
  }
  return fields;
}
