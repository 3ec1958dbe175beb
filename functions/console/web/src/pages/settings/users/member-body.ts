import type { Permission } from "../../../api/me";
import type { Member, UpdateMember, Work } from "../../../api/members";
import { formatList } from "../../../format";
import { work as texts } from "../../../texts/en/work";
import type { ConflictingField } from "../../../ui";
import { readClients } from "./filter";
import type { Access } from "./invitation-body";
import { type WorkValues, workOf, workValues } from "./work/work";

/** The changeable values of a member. */
export interface MemberValues extends WorkValues {
  name: string;
  /** Key of a role; empty for none. */
  role: string;
  extra: Permission[];
  access: Access;
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
    ...workValues(member.work),
  };
}

/** Names by which values are shown to people. */
export interface Names {
  fields: Record<"name" | "role" | "extra" | "clients", string> & Record<keyof Work, string>;
  role: (key: string) => string;
  permissions: (keys: readonly string[]) => string;
  clients: (access: "all" | string[]) => string;
  channel: (key: string) => string;
  team: (id: string) => string;
}

const accessOf = ({ access, clients }: MemberValues) => (access === "all" ? ("all" as const) : clients);
const ownWork = (values: MemberValues) => workOf(values, values.access, values.clients);
const differ = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);

/** The change from what was read to what is wanted: only the fields that differ, so that no other change is undone. */
export function changeOf(before: MemberValues, wanted: MemberValues): UpdateMember {
  const body: UpdateMember = {};
  if (before.name !== wanted.name.trim()) body.name = wanted.name.trim();
  if (before.role !== wanted.role) body.role = wanted.role || null;
  if (differ(before.extra, wanted.extra)) body.extra_permissions = wanted.extra;
  if (differ(accessOf(before), accessOf(wanted))) body.clients = accessOf(wanted);
  if (differ(ownWork(before), ownWork(wanted))) body.work = ownWork(wanted);
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
    ...workRows(ownWork(mine), ownWork(theirs), names),
  ];
  return rows
    .filter(([, one, other]) => differ(one, other))
    .map(([label, , , mineText, theirsText]) => ({ label, mine: mineText, theirs: theirsText }));
}

function workRows(mine: Work, theirs: Work, names: Names): [string, unknown, unknown, string, string][] {
  const words: Record<keyof Work, (work: Work) => string> = {
    channels: ({ channels }) =>
      formatList(Object.entries(channels).map(([key, limit]) => texts.limitOf(names.channel(key), String(limit)))),
    client_channels: ({ client_channels }) =>
      Object.entries(client_channels)
        .map(([id, keys]) => texts.channelsOf(names.clients([id]), formatList(keys.map(names.channel)) || texts.none))
        .join("; "),
    teams: ({ teams }) => formatList(teams.map(names.team)),
    skills: ({ skills }) => formatList(skills),
  };
  const keys = ["channels", "client_channels", "teams", "skills"] as const;
  return keys.map((key) => [names.fields[key], mine[key], theirs[key], words[key](mine), words[key](theirs)]);
}
