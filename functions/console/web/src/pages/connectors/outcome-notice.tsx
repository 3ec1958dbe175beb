import type { Provider } from "../../api/providers";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Notice, ProblemView, Stack } from "../../ui";
import { fieldOfOutcome, fieldsOf } from "./connector";
import styles from "./connectors.module.css";
import { type SetUp, titleOf } from "./use-set-up";

const TONES = { ok: "good", manual: "info", unavailable: "warn", failed: "bad" } as const;

/** The platform's latest answer: that it works, or the problem and what to do. */
export function OutcomeNotice({ setUp, provider }: { setUp: SetUp; provider: Provider | undefined }) {
  const { outcome, error } = setUp;
  if (error !== undefined) return <ProblemView error={error} />;
  if (!outcome) return null;
  const named = fieldsOf(provider).find(({ name }) => name === fieldOfOutcome(outcome.field));
  return (
    <Notice tone={TONES[outcome.status]}>
      <Stack gap={1}>
        <p>
          <strong>{titleOf(outcome)}</strong>
        </p>
        {(outcome.summary ?? outcome.problem) && <p>{outcome.summary ?? outcome.problem}</p>}
        {named && <p>{texts.seeField(named.label)}</p>}
        {outcome.retry_after_seconds != null && <p>{texts.retryAfter(outcome.retry_after_seconds)}</p>}
        {outcome.steps.length > 0 && <Steps steps={outcome.steps} />}
      </Stack>
    </Notice>
  );
}

/** Numbered steps in the platform's console. */
export function Steps({ steps }: { steps: readonly string[] }) {
  return (
    <ol className={styles.steps}>
      {steps.map((step) => (
        <li key={step}>{step}</li>
      ))}
    </ol>
  );
}
