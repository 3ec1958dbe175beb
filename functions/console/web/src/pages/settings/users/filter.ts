import type { Member, MemberStatus } from "../../../api/members";
import { folded } from "../../../folded";

export interface Filter {
  q?: string | undefined;
  /** Key of a role, or `none`. */
  role?: string | undefined;
  status?: MemberStatus | undefined;
  /** Id of a team. */
  team?: string | undefined;
}

/** The members that a filter leaves: each word of the search stands in the name or the address. */
export function matching(members: readonly Member[], { q = "", role, status, team }: Filter): Member[] {
  const words = folded(q).split(/\s+/).filter(Boolean);
  return members.filter((member) => {
    const text = folded(`${member.name} ${member.email}`);
    return (
      (!role || (member.role?.key ?? "none") === role) &&
      (!status || member.status === status) &&
      (!team || member.work.teams.includes(team)) &&
      words.every((word) => text.includes(word))
    );
  });
}

/** Clients whose records a member may touch. The API's document leaves the type open. */
export function readClients(value: unknown): "all" | string[] {
  if (value === "all") return "all";
  return (Array.isArray(value) ? value : []).filter((id): id is string => typeof id === "string").sort();
}

/** Whether only this member keeps the account's last seat of a super admin. */
export function isLastSuperAdmin(member: Member, members: readonly Member[]): boolean {
  const active = members.filter((one) => one.status === "active" && one.role?.key === "super_admin");
  return active.length === 1 && active[0]?.id === member.id;
}
