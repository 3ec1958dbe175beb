import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { acceptInvitation, type OpenedInvitation } from "../../api/auth";
import { type Me, visitorOptions } from "../../api/me";
import { ApiProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { session } from "../../api/session";
import { signOut } from "../../api/sign-out";
import type { ProviderOutcome } from "../../fragment";
import { PublicPage } from "../../frame/public-page";
import { invitation as texts } from "../../texts/en/invitation";
import { signIn as signInTexts } from "../../texts/en/sign-in";
import { Button, looks } from "../../ui/button";
import { Notice } from "../../ui/layout";
import { ProblemView } from "../../ui/states";
import { Time } from "../../ui/time";
import { withNames } from "../../ui/with-names";
import { SignInForm } from "../sign-in/sign-in-form";
import { useRefusal } from "../sign-in/use-refusal";
import { MemberEnd, Over } from "./ends";
import { enter } from "./enter";
import styles from "./invitation.module.css";
import { NewLoginForm } from "./new-login-form";
import { openInvitation } from "./open-invitation";
import { ProviderWay } from "./provider-way";
import { type End, endOf, ownLogin, viewOf } from "./view";

interface Props {
  invitation: OpenedInvitation;
  token: string;
  visitor: Me | null;
  outcome: ProviderOutcome;
}

/** An invitation that was read, and the way of accepting it that fits whoever is here. */
export function PendingInvitation({ invitation, token, visitor, outcome }: Props) {
  const { account, email, invited_by: by, role_name: role } = invitation;
  const [end, setEnd] = useState<End | undefined>(endOf(outcome.problem));
  const [state, setState] = useState<string>(invitation.status);
  /** The way that was chosen, or that a refusal led to, instead of the one that the link tells. */
  const [way, setWay] = useState<"known" | "new" | "factor">();
  const [note, setNote] = useState<string | undefined>(
    outcome.problem && (texts.problems[outcome.problem] ?? texts.problem),
  );
  const [hasSignedIn, setSignedIn] = useState(false);

  /** Takes what no form can show by itself; answers whether it did. */
  const refused = (error: unknown): boolean => {
    if (!(error instanceof ApiProblem)) return false;
    const ended = endOf(error.kind);
    if (ended) setEnd(ended);
    else if (error.kind === "invitation-not-pending") setState(error.body.state ?? "accepted");
    else if (error.kind === "wrong-login" || error.kind === "other-login-method") {
      setNote(texts.problems[error.kind]);
      void queryClient.invalidateQueries();
    } else if (error.kind === "wrong-credentials" || error.kind === "sign-in-to-accept") {
      setNote(texts.problems[error.kind]);
      setWay("known");
    } else return false;
    return true;
  };

  const signedIn = async () => {
    setNote(undefined);
    setSignedIn(true);
    session.resumed();
    await queryClient.fetchQuery({ ...visitorOptions, staleTime: 0 });
    setWay(undefined);
  };

  if (end) return <MemberEnd end={end} invitation={invitation} />;
  const view = viewOf({ ...invitation, status: state }, visitor);
  if (view === "over") return <Over invitation={invitation} status={state} />;
  if (view === "method-gone") return <MemberEnd end="method-gone" invitation={invitation} />;
  if (view === "other") return <Other invited={email} signedIn={visitor?.login.email ?? ""} />;

  const page = (about: string | undefined, content: ReactNode) => (
    <PublicPage
      about={about && withNames(about, { account: account.name, email })}
      foot={
        <>
          {texts.holdsUntil} <Time as="full" at={invitation.expires_at} />
        </>
      }
      title={withNames(role === "No role" ? texts.invitesWithoutRole : texts.invites, {
        by,
        account: account.name,
        role,
      })}
    >
      {note && (
        <Notice tone="bad">
          <p>{note}</p>
        </Notice>
      )}
      {content}
    </PublicPage>
  );

  // The provider has joined the person already; the session lacks the second factor only.
  if (outcome.awaitsFactor) {
    return page(texts.factorAbout, <SignInForm email={email} onSignedIn={() => enter(account)} step="factor" />);
  }
  const signIn = (
    <SignInForm
      aside={
        <Link className="target" to="/reset">
          {signInTexts.forgot}
        </Link>
      }
      email={email}
      key={way}
      onSignedIn={() => void signedIn()}
      step={way === "factor" ? "factor" : "password"}
    />
  );
  const newLogin = (
    <NewLoginForm
      account={account}
      email={email}
      name={visitor?.login.name ?? ""}
      onFactor={() => setWay("factor")}
      onRefused={refused}
      token={token}
    />
  );
  if (view === "provider" && invitation.method.provider) {
    if (outcome.problem === "sign-in-to-accept" && !ownLogin(visitor)) return page(undefined, signIn);
    return page(
      texts.providerAbout,
      <ProviderWay account={account.id} onRefused={refused} provider={invitation.method.provider} token={token} />,
    );
  }
  if (view === "join") {
    return page(
      texts.joinAbout,
      <JoinButton account={account} autoFocus={hasSignedIn} onRefused={refused} token={token} />,
    );
  }
  if (view === "prove") return page(texts.proveAbout, newLogin);
  if (view === "known" || way === "factor") return page(way ? undefined : texts.knownAbout, signIn);
  if (view === "new") return way === "known" ? page(undefined, signIn) : page(texts.newAbout, newLogin);
  const isKnown = way === "known";
  return page(
    isKnown ? undefined : texts.newAbout,
    <>
      {isKnown ? signIn : newLogin}
      <div className={styles.switch}>
        <Button
          kind="quiet"
          onClick={() => {
            setNote(undefined);
            setWay(isKnown ? "new" : "known");
          }}
          wide
        >
          {isKnown ? texts.haveNone : texts.haveLogin}
        </Button>
      </div>
    </>,
  );
}

interface JoinProps {
  account: { id: string; name: string };
  token: string;
  autoFocus: boolean;
  onRefused: (error: unknown) => boolean;
}

function JoinButton({ account, token, autoFocus, onRefused }: JoinProps) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const refusal = useRefusal();
  const join = async () => {
    setBusy(true);
    setError(undefined);
    refusal.clear();
    try {
      await acceptInvitation({ token });
      enter(account);
    } catch (failure) {
      if (!onRefused(failure) && !refusal.take(failure, {})) setError(failure);
      setBusy(false);
    }
  };
  return (
    <>
      {refusal.view}
      <Button autoFocus={autoFocus} changes isBusy={isBusy} kind="primary" onClick={() => void join()} wide>
        {texts.join(account.name)}
      </Button>
      {error !== undefined && <ProblemView error={error} />}
    </>
  );
}

/** Somebody else is signed in here. */
function Other({ invited, signedIn }: { invited: string; signedIn: string }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const leave = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await signOut();
      session.signedOut();
      queryClient.setQueryData(visitorOptions.queryKey, null);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <PublicPage
      about={withNames(texts.otherAbout, { email: signedIn })}
      title={withNames(texts.otherTitle, { email: invited })}
    >
      {error !== undefined && <ProblemView error={error} />}
      <Button changes isBusy={isBusy} kind="primary" onClick={() => void leave()} wide>
        {texts.switchAccount}
      </Button>
      <Link className={looks({ kind: "quiet", wide: true })} onClick={openInvitation.end} to="/">
        {texts.stay}
      </Link>
    </PublicPage>
  );
}
