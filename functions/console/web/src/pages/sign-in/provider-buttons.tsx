import { useState } from "react";
import { startProvider } from "../../api/auth";
import { signIn as texts } from "../../texts/en/sign-in";
import { Button } from "../../ui/button";
import { Stack } from "../../ui/layout";
import { ProblemView } from "../../ui/states";
import { withNames } from "../../ui/with-names";

interface Props {
  account: string;
  providers: readonly { id: string; name: string }[];
  /** Called before the browser leaves for the provider. */
  onLeave: () => void;
}

/** One button for each provider of an account. They lead back to the sign-in page of the account. */
export function ProviderButtons({ account, providers, onLeave }: Props) {
  const [busy, setBusy] = useState<string>();
  const [error, setError] = useState<unknown>();
  const start = async (method: string) => {
    setBusy(method);
    setError(undefined);
    try {
      const address = await startProvider(account, method, {
        purpose: "sign_in",
        return_to: `/console/sign-in/${account}`,
      });
      onLeave();
      location.assign(address);
    } catch (failure) {
      setError(failure);
      setBusy(undefined);
    }
  };
  return (
    <Stack gap={2}>
      {providers.map(({ id, name }) => (
        <Button icon="signIn" isBusy={busy === id} key={id} onClick={() => void start(id)} wide>
          {withNames(texts.withMethod("{name}"), { name })}
        </Button>
      ))}
      {error !== undefined && <ProblemView error={error} />}
    </Stack>
  );
}
