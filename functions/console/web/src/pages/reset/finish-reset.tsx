import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { finishReset, resetOptions, type SignInStatus } from "../../api/auth";
import { ApiProblem, isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { session } from "../../api/session";
import { PublicPage } from "../../frame/public-page";
import { goTo } from "../../navigation";
import { reset as texts } from "../../texts/en/reset";
import { Button } from "../../ui/button";
import { Form, SubmitButton, useForm } from "../../ui/form";
import { announce } from "../../ui/live";
import { ProblemView, Skeleton } from "../../ui/states";
import { withNames } from "../../ui/with-names";
import { openInvitation } from "../invitation/open-invitation";
import { NewPasswordField, newPasswordMessage } from "../password/new-password-field";
import { SignInForm } from "../sign-in/sign-in-form";
import { Throttled } from "../sign-in/throttled";
import { useRefusal } from "../sign-in/use-refusal";

interface Props {
  token: string;
  onAskAgain: () => void;
}

/** Sets a new password by the link of a mail; then asks for the second factor, if there is one. */
export function FinishReset({ token, onAskAgain }: Props) {
  const [status, setStatus] = useState<SignInStatus>();
  const [isSpent, setSpent] = useState(false);
  // A link works once, so it is read once, and no more when it is spent.
  const link = useQuery({
    ...resetOptions(token),
    enabled: status === undefined && !isSpent,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const signedIn = () => {
    setStatus("signed_in");
    queryClient.clear();
    session.resumed();
    announce(texts.doneTitle);
  };
  const passwordSet = (next: SignInStatus) => {
    if (next === "signed_in") signedIn();
    else setStatus(next);
  };

  if (status === "signed_in") return <Done />;
  if (status === "factor_required") {
    return (
      <PublicPage about={texts.factorAbout} title={texts.factorTitle}>
        <SignInForm onSignedIn={signedIn} step="factor" />
      </PublicPage>
    );
  }
  const { data, error } = link;
  const retry = () => void link.refetch();
  if (isSpent || isProblem(error, "token-not-valid")) {
    return (
      <PublicPage about={texts.notValid} title={texts.notValidTitle}>
        <Button kind="primary" onClick={onAskAgain} wide>
          {texts.askAgain}
        </Button>
      </PublicPage>
    );
  }
  if (!data) {
    return (
      <PublicPage title={texts.newTitle}>
        {error instanceof ApiProblem && error.status === 429 ? (
          <Throttled key={link.errorUpdatedAt} retry={retry} seconds={error.retryAfter ?? 60} />
        ) : error ? (
          <ProblemView error={error} retry={retry} />
        ) : (
          <Skeleton rows={2} />
        )}
      </PublicPage>
    );
  }
  return (
    <PublicPage about={withNames(texts.newAbout, { email: data.email })} title={texts.newTitle}>
      <PasswordForm onDone={passwordSet} onSpent={() => setSpent(true)} token={token} />
      {data.factor && <p>{texts.factorHint}</p>}
    </PublicPage>
  );
}

interface FormProps {
  token: string;
  onDone: (status: SignInStatus) => void;
  onSpent: () => void;
}

function PasswordForm({ token, onDone, onSpent }: FormProps) {
  const refusal = useRefusal();
  // The link tells neither address nor name; the API compares with both.
  const owner = { email: "", name: "" };
  const form = useForm({
    initial: { password: "" },
    labels: { password: texts.password },
    rules: { password: (value) => newPasswordMessage(value, owner) },
    send: ({ password }) => {
      refusal.clear();
      return finishReset({ token, password });
    },
    onDone,
    onFailure: (error) => {
      if (!isProblem(error, "token-not-valid")) return refusal.take(error, {});
      onSpent();
      return true;
    },
  });
  return (
    <Form form={form} isGuarded={false}>
      {refusal.view}
      <NewPasswordField {...form.text("password")} autoFocus label={texts.password} owner={owner} />
      <SubmitButton wide>{texts.set}</SubmitButton>
    </Form>
  );
}

function Done() {
  // Somebody may have come here from an invitation to their login.
  const isInvited = openInvitation.isThere();
  return (
    <PublicPage about={texts.done} title={texts.doneTitle}>
      <Button autoFocus kind="primary" onClick={() => goTo(isInvited ? "/console/invitation" : "/console")} wide>
        {isInvited ? texts.toInvitation : texts.goOn}
      </Button>
    </PublicPage>
  );
}
