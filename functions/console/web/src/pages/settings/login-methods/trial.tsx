import { useEffect, useState } from "react";
import { startProvider } from "../../../api/auth";
import type { LoginMethod } from "../../../api/login-methods";
import { useAccount } from "../../../api/me";
import type { ProviderOutcome } from "../../../fragment";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import { announce, Button, Notice, ProblemView, Stack, StrangersText } from "../../../ui";

/** Tells the outcome of a trial, after the way back from the provider. */
export function TrialNotice({ outcome, name }: { outcome: ProviderOutcome; name?: string }) {
  const { isDone, problem, reason } = outcome;
  const called = name ?? texts.triedOther;
  const words = isDone ? texts.triedWell(called) : problem ? texts.triedBadly(called) : undefined;
  useEffect(() => {
    if (words) announce(words);
  }, [words]);
  if (!words) return null;
  if (isDone) {
    return (
      <Notice tone="good">
        <p>{words}</p>
      </Notice>
    );
  }
  return (
    <Notice tone="bad">
      <p>
        <strong>{words}</strong> {texts.trialProblems[problem ?? ""] ?? texts.trialProblem}
      </p>
      {reason && (
        <>
          <p>{texts.reason}</p>
          <StrangersText>{reason}</StrangersText>
        </>
      )}
    </Notice>
  );
}

/** Leads to the provider and back, to see whether everything is right. */
export function TrySignIn({ method }: { method: LoginMethod }) {
  const account = useAccount().id;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const start = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const address = await startProvider(account, method.id, {
        purpose: "trial",
        return_to: `/console/a/${account}/settings/login-methods?open=${method.id}`,
      });
      location.assign(address);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Stack gap={3}>
      <div>
        <Button changes icon="signIn" isBusy={isBusy} onClick={() => void start()}>
          {texts.try}
        </Button>
      </div>
      {error !== undefined && <ProblemView error={error} />}
    </Stack>
  );
}
