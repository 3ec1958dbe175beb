import type { MemberStatus } from "../../../api/members";
import { users as texts } from "../../../texts/en/users";
import { Badge, type Tone } from "../../../ui";

const TONES: Record<MemberStatus, Tone> = { active: "good", pending: "warn", suspended: "grey", removed: "grey" };

export function StatusBadge({ status }: { status: MemberStatus }) {
  return <Badge tone={TONES[status]}>{texts.statuses[status]}</Badge>;
}
