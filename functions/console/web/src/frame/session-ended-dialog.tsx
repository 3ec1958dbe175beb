import { useEffect } from "react";
import { currentAccount } from "../api/client";
import { useMaybeMe } from "../api/me";
import { session } from "../api/session";
import { goOnIfSamePerson } from "../api/signed-in";
import { SignInForm } from "../pages/sign-in/sign-in-form";
import { sessionEnded as texts } from "../texts/en/session-ended";
import { Dialog } from "../ui/dialog";
import { announce } from "../ui/live";

/** A sign-in over the page, so that nothing typed is lost. Calls that were refused are repeated after it. */
export function SessionEndedDialog({ isOpen }: { isOpen: boolean }) {
  const email = useMaybeMe()?.login.email;
  useEffect(() => {
    if (isOpen) announce(texts.title, "assertive");
  }, [isOpen]);

  const account = currentAccount();
  const elsewhere = account ? `/console/sign-in/${account}` : "/console/sign-in";
  return (
    <Dialog isOpen={isOpen} isStubborn onClose={() => {}} size="small" title={texts.title}>
      <p>{texts.text}</p>
      <SignInForm autoFocus email={email} onSignedIn={() => void goOnIfSamePerson(session.resumed)} />
      <p>
        <a href={elsewhere} rel="noopener" target="_blank">
          {texts.otherWay}
        </a>
      </p>
    </Dialog>
  );
}
