import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { openedInvitationOptions } from "../../api/auth";
import { visitorOptions } from "../../api/me";
import { ApiProblem, isProblem } from "../../api/problems";
import { readOutcome, useFragment, useNewLink } from "../../fragment";
import { PublicPage } from "../../frame/public-page";
import { invitation as texts } from "../../texts/en/invitation";
import { ProblemView, Skeleton } from "../../ui/states";
import { Throttled } from "../sign-in/throttled";
import { enter } from "./enter";
import { NotValid } from "./not-valid";
import { isToken, openInvitation } from "./open-invitation";
import { PendingInvitation } from "./pending-invitation";

/** The page of an invitation's link: for whom it is, and the way to accept it. Only a button accepts. */
export function InvitationPage() {
  const fragment = useFragment();
  const [token] = useState(() => openInvitation.read(fragment));
  useNewLink(isToken);
  return token ? <Opened outcome={readOutcome(fragment)} token={token} /> : <NotValid />;
}

function Opened({ token, outcome }: { token: string; outcome: ReturnType<typeof readOutcome> }) {
  // It is read once: what changes meanwhile is told when it is accepted.
  const invitation = useQuery({ ...openedInvitationOptions(token), staleTime: Number.POSITIVE_INFINITY });
  const visitor = useQuery(visitorOptions);
  const error = invitation.error ?? visitor.error;
  const account = invitation.data?.account;
  const isDone = outcome.isDone && account !== undefined;

  useEffect(() => {
    if (isDone && openInvitation.isThere()) enter(account);
  }, [isDone, account]);

  const retry = () => {
    if (invitation.error) void invitation.refetch();
    if (visitor.error) void visitor.refetch();
  };
  if (isProblem(error, "token-not-valid")) return <NotValid />;
  if (error instanceof ApiProblem && error.status === 429) {
    return (
      <PublicPage title={texts.title}>
        <Throttled
          key={Math.max(invitation.errorUpdatedAt, visitor.errorUpdatedAt)}
          retry={retry}
          seconds={error.retryAfter ?? 60}
        />
      </PublicPage>
    );
  }
  if (error) {
    return (
      <PublicPage title={texts.title}>
        <ProblemView error={error} retry={retry} />
      </PublicPage>
    );
  }
  if (!invitation.data || visitor.data === undefined || isDone) {
    return (
      <PublicPage title={texts.title}>
        <Skeleton rows={3} />
      </PublicPage>
    );
  }
  return <PendingInvitation invitation={invitation.data} outcome={outcome} token={token} visitor={visitor.data} />;
}
