import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { methodsOptions } from "../../api/auth";
import { queryClient } from "../../api/query";
import { session } from "../../api/session";
import { readOutcome, useFragment } from "../../fragment";
import { PublicPage } from "../../frame/public-page";
import { goTo, safeReturn } from "../../navigation";
import { signIn as texts } from "../../texts/en/sign-in";
import { Notice, Stack } from "../../ui/layout";
import { ProblemView, Skeleton } from "../../ui/states";
import { pendingSignIn } from "./pending";
import { ProviderButtons } from "./provider-buttons";
import styles from "./sign-in.module.css";
import { SignInForm } from "./sign-in-form";

const plain = getRouteApi("/sign-in");
const ofAccount = getRouteApi("/sign-in/$account");

/** The sign-in by password, for every account. */
export function SignInPage() {
  const { return_to, after } = plain.useSearch();
  const navigate = useNavigate();
  const fragment = useFragment();
  const { problem } = readOutcome(fragment);
  const begun = pendingSignIn.account();

  // A provider's refusal leads here; the account's own page has the provider's button.
  useEffect(() => {
    if (problem && begun) {
      void navigate({ to: "/sign-in/$account", params: { account: begun }, hash: fragment, replace: true });
    }
  }, [problem, begun, fragment, navigate]);

  return (
    <PublicPage title={texts.title}>
      {after === "deletion" && (
        <Notice tone="good">
          <p>{texts.afterDeletion}</p>
        </Notice>
      )}
      <Problem kind={problem} />
      <SignInForm aside={<Forgot />} onSignedIn={() => goOn(return_to)} />
    </PublicPage>
  );
}

/** The sign-in of one account, with its providers. */
export function AccountSignInPage() {
  const { account } = ofAccount.useParams();
  const { return_to } = ofAccount.useSearch();
  const outcome = readOutcome(useFragment());
  const { data: methods, isPending, error, refetch } = useQuery(methodsOptions(account));
  const address = return_to ?? pendingSignIn.returnTo();

  useEffect(() => {
    if (outcome.isDone) goOn(address);
  }, [outcome.isDone, address]);

  if (outcome.isDone) return null;
  if (isPending) {
    return (
      <PublicPage title={texts.title}>
        <Skeleton rows={3} />
      </PublicPage>
    );
  }
  const providers = methods?.providers ?? [];
  const takesPassword = methods?.password ?? true;
  const step = outcome.awaitsFactor ? "factor" : "password";
  return (
    <PublicPage about={takesPassword ? undefined : texts.ssoOnly} title={texts.title}>
      <Problem kind={outcome.problem} />
      {error && !methods && <ProblemView error={error} retry={() => void refetch()} />}
      {providers.length > 0 && !outcome.awaitsFactor && (
        <Stack>
          <ProviderButtons
            account={account}
            onLeave={() => pendingSignIn.begin(account, address)}
            providers={providers}
          />
          {takesPassword && <p className={styles.or}>{texts.or}</p>}
        </Stack>
      )}
      {(takesPassword || outcome.awaitsFactor) && (
        <SignInForm aside={<Forgot />} onSignedIn={() => goOn(address)} step={step} />
      )}
    </PublicPage>
  );
}

function Forgot() {
  return (
    <Link className="target" to="/reset">
      {texts.forgot}
    </Link>
  );
}

function Problem({ kind }: { kind: string | undefined }) {
  if (!kind) return null;
  return (
    <Notice tone="bad">
      <p>{texts.problems[kind] ?? texts.problem}</p>
    </Notice>
  );
}

/** Goes to the address that was asked for before the sign-in. */
function goOn(address: string | undefined): void {
  pendingSignIn.end();
  queryClient.clear();
  session.resumed();
  goTo(safeReturn(address));
}
