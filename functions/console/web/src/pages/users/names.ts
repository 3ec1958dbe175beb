import type { EndUser, Named } from "../../api/end-users";
import { endUsers as texts } from "../../texts/en/end-users";
import { type Range, rangesIn } from "../../ui/marked";

/** The name of a user, or else what is known of the person. */
export function nameOf(user: Pick<EndUser, "full_name" | "phone_display" | "email">): string {
  return user.full_name || user.phone_display || user.email || texts.noName;
}

/** A user as another record names one. */
export function namedOf(user: EndUser): Named {
  return { id: user.id, display_name: nameOf(user) };
}

const PARTS = ["first_name", "middle_name", "last_name"] as const;

/** The parts of the full name that a search found: its own, and those of the names of which it is made. */
export function rangesInName(user: EndUser): Range[] {
  const ranges: Range[] = rangesIn(user, "full_name");
  let at = 0;
  for (const part of PARTS) {
    const name = user[part];
    if (!name) continue;
    for (const { start, end } of rangesIn(user, part)) ranges.push({ start: at + start, end: at + end });
    at += name.length + 1;
  }
  return ranges;
}
