import { useSyncExternalStore } from "react";
import type { Invitation } from "../../../api/invitations";
import { formatDay, formatRelative } from "../../../format";
import { users as texts } from "../../../texts/en/users";
import { Badge, Time } from "../../../ui";

function everyMinute(listener: () => void): () => void {
  const timer = setInterval(listener, 60_000);
  return () => clearInterval(timer);
}

/** “Expires in 6 days”, or that an invitation has expired. */
export function ExpiryText({ invitation }: { invitation: Pick<Invitation, "status" | "expires_at"> }) {
  const minute = useSyncExternalStore(everyMinute, () => Math.floor(Date.now() / 60_000));
  const { status, expires_at: at } = invitation;
  if (status === "expired") {
    return (
      <>
        <Badge tone="bad">{texts.expired}</Badge> <Time at={at}>{texts.expiredOn(formatDay(at))}</Time>
      </>
    );
  }
  return <Time at={at}>{texts.expires(formatRelative(at, minute * 60_000))}</Time>;
}
