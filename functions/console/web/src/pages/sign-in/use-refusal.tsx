import { type ReactNode, useState } from "react";
import { ApiProblem } from "../../api/problems";
import { signIn as texts } from "../../texts/en/sign-in";
import { Notice } from "../../ui/layout";
import { useCountdown } from "./use-countdown";

/** The reason for a refusal: a known kind of problem in words, or too many attempts, counted down. */
export function useRefusal(initial?: string) {
  const [message, setMessage] = useState(initial);
  const countdown = useCountdown();

  /** Shows the words of the problem's kind; answers whether there are any. */
  const take = (error: unknown, words: Readonly<Record<string, string>>): boolean => {
    if (!(error instanceof ApiProblem)) return false;
    const known = words[error.kind];
    if (known !== undefined) setMessage(known);
    else if (error.status === 429) countdown.start(error.retryAfter ?? 60);
    else return false;
    return true;
  };

  const clear = () => {
    setMessage(undefined);
    countdown.stop();
  };

  let view: ReactNode = null;
  if (countdown.left > 0) {
    view = (
      <Notice tone="bad">
        {/* Said once, with the seconds at its beginning. */}
        <p className="visually-hidden">{texts.throttled(countdown.from)}</p>
        <p aria-hidden="true">{texts.throttled(countdown.left)}</p>
      </Notice>
    );
  } else if (message) {
    view = (
      <Notice tone="bad">
        <p>{message}</p>
      </Notice>
    );
  }
  return { view, take, clear };
}
