import type { Member } from "../../../api/members";

/** The members of a team, by name. Those who were removed are in none. */
export function membersOf(team: string, members: readonly Member[]): Member[] {
  return members
    .filter(({ work, status }) => status !== "removed" && work.teams.includes(team))
    .sort((one, other) => one.name.localeCompare(other.name));
}
