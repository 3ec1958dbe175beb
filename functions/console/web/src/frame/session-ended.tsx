import { useEffect, useSyncExternalStore } from "react";
import { currentAccount } from "../api/client";
import { meOptions, useMaybeMe } from "../api/me";
import { queryClient } from "../api/query";
import { session } from "../api/session";
import { frame } from "../texts/en/frame";
import { Dialog } from "../ui/dialog";
import { announce } from "../ui/live";
import { later, useLater } from "../ui/loading";

const form = later(() => import("../pages/sign-in/sign-in-form"));

/** Asks for a new sign-in over the page, so that nothing typed is lost. Calls that were refused are then repeated. */
export function SessionEnded() {
  const isEnded = useSyncExternalStore(session.subscribe, session.isEnded);
  const module = useLater(form, isEnded);
  const email = useMaybeMe()?.login.email;
  useEffect(() => {
    if (isEnded) announce(frame.sessionEndedTitle, "assertive");
  }, [isEnded]);

  const signedIn = async () => {
    const before = session.loginId;
    await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
    // The page still shows the records of whoever signed in before.
    if (session.loginId !== before) location.reload();
    else session.resumed();
  };

  const account = currentAccount();
  const elsewhere = account ? `/console/sign-in/${account}` : "/console/sign-in";
  return (
    <Dialog isOpen={isEnded} isStubborn onClose={() => {}} size="small" title={frame.sessionEndedTitle}>
      <p>{frame.sessionEnded}</p>
      {module && <module.SignInForm autoFocus email={email} onSignedIn={() => void signedIn()} />}
      <p>
        <a href={elsewhere} rel="noopener" target="_blank">
          {frame.sessionOtherWay}
        </a>
      </p>
    </Dialog>
  );
}
