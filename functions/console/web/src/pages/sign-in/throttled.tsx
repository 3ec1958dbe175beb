import { useEffect } from "react";
import { common } from "../../texts/en/common";
import { signIn as texts } from "../../texts/en/sign-in";
import { Button } from "../../ui/button";
import { Notice, Row } from "../../ui/layout";
import { useCountdown } from "./use-countdown";

/** Stands for what could not be read because of too many attempts, until it can be read again. */
export function Throttled({ seconds, retry }: { seconds: number; retry: () => void }) {
  const { left, start } = useCountdown();
  // biome-ignore lint/correctness/useExhaustiveDependencies: counted down once
  useEffect(() => start(seconds), []);
  return (
    <>
      <Notice tone="bad">
        <p className="visually-hidden">{texts.throttled(seconds)}</p>
        <p aria-hidden="true">{left > 0 ? texts.throttled(left) : texts.throttledOver}</p>
      </Notice>
      <Row>
        <Button blocked={left > 0 ? texts.throttled(left) : undefined} onClick={retry}>
          {common.tryAgain}
        </Button>
      </Row>
    </>
  );
}
