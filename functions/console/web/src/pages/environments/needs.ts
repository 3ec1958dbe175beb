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
    ...(users.count > 0 ? [texts.users(formatCount(users), users.count === 1 && !users.more)] : []),
  ];
  if (needs.length === 0) return undefined;
  return texts.inUse(formatList(needs), leading + users.count === 1 && !users.more);
}
