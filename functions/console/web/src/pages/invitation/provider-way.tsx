import { useState } from "react";
import { startProvider } from "../../api/auth";
import { invitation as texts } from "../../texts/en/invitation";
import { Button } from "../../ui/button";
import { ProblemView } from "../../ui/states";
import { withNames } from "../../ui/with-names";
import { useRefusal } from "../sign-in/use-refusal";

interface Props {
  account: string;
  provider: { id: string; name: string };
  token: string;
  onRefused: (error: unknown) => boolean;
}

/** The way over the account's provider, which leads back to this page. */
export function ProviderWay({ account, provider, token, onRefused }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const refusal = useRefusal();
  const start = async () => {
    setBusy(true);
    setError(undefined);
    refusal.clear();
    try {
      const body = { purpose: "accept", return_to: "/console/invitation", token } as const;
      location.assign(await startProvider(account, provider.id, body));
    } catch (failure) {
      if (!onRefused(failure) && !refusal.take(failure, texts.problems)) setError(failure);
      setBusy(false);
    }
  };
  return (
    <>
      {refusal.view}
      <Button changes icon="signIn" isBusy={isBusy} kind="primary" onClick={() => void start()} wide>
        {withNames(texts.continueWith("{name}"), { name: provider.name })}
      </Button>
      {error !== undefined && <ProblemView error={error} />}
    </>
  );
}
