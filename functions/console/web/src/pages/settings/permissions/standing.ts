import { type Permission, useAccount, useMe } from "../../../api/me";
import type { Role } from "../../../api/roles";

const SUPER_ADMIN = "super_admin";

/** The permissions that the signed-in person holds in the account. */
export interface Standing {
  permissions: readonly Permission[];
  isSuperAdmin: boolean;
}

export function useStanding(): Standing {
  const me = useMe();
  const { id } = useAccount();
  const place = me.accounts.find((account) => account.id === id);
  return { permissions: me.account?.permissions ?? [], isSuperAdmin: place?.role?.key === SUPER_ADMIN };
}

interface Holder {
  role?: { key: string } | null;
  permissions: readonly Permission[];
}

/** The permissions that a member holds and the person lacks; undefined if the member is not above. A super admin holds more than any list. */
export function aboveBy(mine: Standing, holder: Holder): Permission[] | undefined {
  if (mine.isSuperAdmin) return undefined;
  const missing = holder.permissions.filter((key) => !mine.permissions.includes(key));
  return missing.length > 0 || holder.role?.key === SUPER_ADMIN ? missing : undefined;
}

/** Whether the person may give a role to somebody. */
export function mayGive(mine: Standing, role: Role): boolean {
  return aboveBy(mine, { role, permissions: role.permissions }) === undefined;
}
