import { useState } from "react";
import { announce } from "../../ui";

/** Makes a call as a test when it is asked to, announces its outcome and keeps it until the next. */
export function useTestCall<Made>(call: () => Promise<Made>, said: (made: Made) => string) {
  const [outcome, setOutcome] = useState<Made>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setError(undefined);
    setOutcome(undefined);
    try {
      const made = await call();
      setOutcome(made);
      announce(said(made));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { outcome, error, isBusy, send: () => void send() };
}
