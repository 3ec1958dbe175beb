import type { Permission } from "../../../api/me";
import type { Member, UpdateMember } from "../../../api/members";
import type { ConflictingField } from "../../../ui";
import { readClients } from "./filter";

/** The changeable values of a member. */
export interface MemberValues {
  name: string;
  /** Key of a role; empty for none. */
  role: string;
  extra: Permission[];
  access: "all" | "some";
  clients: string[];
}

export function valuesOf(member: Member): MemberValues {
  const clients = readClients(member.clients);
  return {
    name: member.name,
    role: member.role?.key ?? "",
    extra: [...member.extra_permissions].sort(),
    access: clients === "all" ? "all" : "some",
    clients: clients === "all" ? [] : clients,
  };
}

/** Names by which values are shown to people. */
export interface Names {
  fields: Record<"name" | "role" | "extra" | "clients", string>;
  role: (key: string) => string;
  permissions: (keys: readonly string[]) => string;
  clients: (access: "all" | string[]) => string;
}

const accessOf = ({ access, clients }: MemberValues) => (access === "all" ? ("all" as const) : clients);
const differ = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);

/** The change from what was read to what is wanted: only the fields that differ, so that no other change is undone. */
export function changeOf(before: MemberValues, wanted: MemberValues): UpdateMember {
  const body: UpdateMember = {};
  if (before.name !== wanted.name.trim()) body.name = wanted.name.trim();
  if (before.role !== wanted.role) body.role = wanted.role || null;
  if (differ(before.extra, wanted.extra)) body.extra_permissions = wanted.extra;
  if (differ(accessOf(before), accessOf(wanted))) body.clients = accessOf(wanted);
  return body;
}

/** The fields in which two people's wishes differ, in words (U132). */
export function conflictsOf(mine: MemberValues, theirs: MemberValues, names: Names): ConflictingField[] {
  const rows: [string, unknown, unknown, string, string][] = [
    [names.fields.name, mine.name.trim(), theirs.name, mine.name.trim(), theirs.name],
    [names.fields.role, mine.role, theirs.role, names.role(mine.role), names.role(theirs.role)],
    [names.fields.extra, mine.extra, theirs.extra, names.permissions(mine.extra), names.permissions(theirs.extra)],
    [
      names.fields.clients,
      accessOf(mine),
      accessOf(theirs),
      names.clients(accessOf(mine)),
      names.clients(accessOf(theirs)),
    ],
  ];
  return rows
    .filter(([, one, other]) => differ(one, other))
    .map(([label, , , mineText, theirsText]) => ({ label, mine: mineText, theirs: theirsText }));
}
