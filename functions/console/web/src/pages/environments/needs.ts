import type { EnvironmentInUse } from "../../api/environments";
import { formatCount, formatList } from "../../format";
import { environments as texts } from "../../texts/en/environments";

/** “2 connectors and 14 users need it” */
export function needsOf({
  leading_connectors: connectors,
  other_connectors,
  users,
}: EnvironmentInUse): string | undefined {
  const leading = connectors.length + other_connectors;
  const needs = [
    ...(leading > 0 ? [texts.connectors(leading)] : []),
    ...(users.count > 0 ? [texts.users(formatCount(users), isOne(users))] : []),
  ];
  if (needs.length === 0) return undefined;
  return texts.inUse(formatList(needs), leading + users.count === 1 && !users.more);
}

/** “Move or delete the connectors.”, and the like for users. */
export function remedyOf({ leading_connectors: connectors, other_connectors, users }: EnvironmentInUse): string {
  const leading = connectors.length + other_connectors;
  return [
    ...(leading > 0 ? [texts.moveConnectors(leading === 1)] : []),
    ...(users.count > 0 ? [texts.moveUsers(isOne(users))] : []),
  ].join(" ");
}

function isOne({ count, more }: EnvironmentInUse["users"]): boolean {
  return count === 1 && !more;
}
