import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import type { OpenedInvitation } from "../../api/auth";
import { PublicPage } from "../../frame/public-page";
import { invitation as texts } from "../../texts/en/invitation";
import { looks } from "../../ui/button";
import { Time } from "../../ui/time";
import { withNames } from "../../ui/with-names";
import { NotValid } from "./not-valid";
import { openInvitation } from "./open-invitation";
import type { End } from "./view";

/** An invitation that can no longer be accepted: why, and whom to ask. */
export function Over({ invitation, status }: { invitation: OpenedInvitation; status: string }) {
  useEffect(() => openInvitation.end(), []);
  const names = namesOf(invitation);
  if (status === "revoked") return <Message about={texts.revokedAbout} names={names} title={texts.revokedTitle} />;
  if (status === "expired") {
    return (
      <Message about={texts.expiredAbout} names={names} title={texts.expiredTitle}>
        <p>
          {texts.expiredAt} <Time as="full" at={invitation.expires_at} />
        </p>
      </Message>
    );
  }
  return (
    <Message about={texts.acceptedAbout} names={names} title={texts.acceptedTitle}>
      <Link
        className={looks({ kind: "primary", wide: true })}
        params={{ account: invitation.account.id }}
        to="/sign-in/$account"
      >
        {texts.signIn}
      </Link>
    </Message>
  );
}

/** A refusal that has to do with the person or the account, and what leads on. */
export function MemberEnd({ end, invitation }: { end: End; invitation: OpenedInvitation }) {
  const names = namesOf(invitation);
  const primary = looks({ kind: "primary", wide: true });
  switch (end) {
    case "member":
      return (
        <Message about={texts.memberAbout} names={names} title={texts.memberTitle}>
          <Link
            className={primary}
            onClick={openInvitation.end}
            params={{ account: invitation.account.id }}
            to="/a/$account"
          >
            {texts.open} {invitation.account.name}
          </Link>
        </Message>
      );
    case "full":
      return (
        <Message about={texts.fullAbout} names={names} title={texts.fullTitle}>
          <Link className={primary} to="/profile">
            {texts.toProfile}
          </Link>
        </Message>
      );
    case "unverified":
      return (
        <Message about={texts.unverifiedAbout} names={names} title={texts.unverifiedTitle}>
          <Link className={primary} to="/reset">
            {texts.toReset}
          </Link>
        </Message>
      );
    case "outgrown":
      return <Message about={texts.outgrownAbout} names={names} title={texts.outgrownTitle} />;
    case "method-gone":
      return <Message about={texts.methodGoneAbout} names={names} title={texts.methodGoneTitle} />;
    case "not-valid":
      return <NotValid />;
  }
}

function namesOf({ invited_by: by, account }: OpenedInvitation) {
  return { by, account: account.name };
}

interface MessageProps {
  title: string;
  about: string;
  names: Readonly<Record<string, string>>;
  children?: ReactNode;
}

function Message({ title, about, names, children }: MessageProps) {
  return (
    <PublicPage about={withNames(about, names)} title={withNames(title, names)}>
      {children}
    </PublicPage>
  );
}
