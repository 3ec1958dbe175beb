import { useState } from "react";
import { testWebhook, type WebhookTest } from "../../../api/webhooks";
import { formatNumber } from "../../../format";
import { webhooks as texts } from "../../../texts/en/webhooks";
import { announce, Button, Notice, ProblemView, Row, Section, Stack } from "../../../ui";
import styles from "./webhooks.module.css";

/** Sends a test event, and shows how the receiver answered. */
export function TestSection({ id }: { id: string }) {
  const [outcome, setOutcome] = useState<WebhookTest>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setError(undefined);
    setOutcome(undefined);
    try {
      const answer = await testWebhook(id);
      setOutcome(answer);
      announce(texts.testOutcomes[answer.status]);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section about={texts.testAbout} title={texts.test}>
      <Stack gap={3}>
        <Row>
          <Button changes icon="send" isBusy={isBusy} onClick={() => void send()}>
            {texts.send}
          </Button>
        </Row>
        {error !== undefined && <ProblemView error={error} />}
        {outcome && <Outcome outcome={outcome} />}
      </Stack>
    </Section>
  );
}

function Outcome({ outcome }: { outcome: WebhookTest }) {
  const { status, http_status, duration_ms, problem, answer } = outcome;
  return (
    <Notice tone={status === "delivered" ? "good" : "bad"}>
      <Stack gap={2}>
        <p>
          <strong>{texts.testOutcomes[status]}</strong> ({http_status != null && `${texts.httpStatus(http_status)}, `}
          {texts.duration(formatNumber(duration_ms))})
        </p>
        {problem && <p dir="auto">{problem}</p>}
        {answer && (
          <div>
            <p>{texts.answer}</p>
            <code className={styles.answer} dir="auto">
              {answer}
            </code>
          </div>
        )}
      </Stack>
    </Notice>
  );
}
