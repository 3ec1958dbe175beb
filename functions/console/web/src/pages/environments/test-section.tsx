import { useState } from "react";
import { type Environment, readEnvironmentsAgain, type TestDelivery, testAgent } from "../../api/environments";
import { formatNumber } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { environments as texts } from "../../texts/en/environments";
import { announce, Button, Notice, ProblemView, Row, Section, Stack } from "../../ui";
import styles from "./environments.module.css";

/** Sends a test delivery, and shows how the agent answered. */
export function TestSection({ environment }: { environment: Environment }) {
  const project = useProjectId();
  const [outcome, setOutcome] = useState<TestDelivery>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setError(undefined);
    setOutcome(undefined);
    try {
      const answer = await testAgent(project, environment.id);
      setOutcome(answer);
      announce(texts.outcomes[answer.status]);
      void readEnvironmentsAgain(project);
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

function Outcome({ outcome }: { outcome: TestDelivery }) {
  const { status, http_status, duration_ms, problem, replies, answer } = outcome;
  return (
    <Notice tone={status === "ok" ? "good" : status === "malformed" ? "warn" : "bad"}>
      <Stack gap={2}>
        <p>
          <strong>{texts.outcomes[status]}</strong> ({http_status != null && `${texts.status(http_status)}, `}
          {texts.duration(formatNumber(duration_ms))})
        </p>
        {problem && <p>{problem}</p>}
        {replies.length > 0 && (
          <div>
            <p>{texts.replies}</p>
            <ul className={styles.replies}>
              {replies.map((reply, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the answer does not change
                <li dir="auto" key={index}>
                  {reply}
                </li>
              ))}
            </ul>
          </div>
        )}
        {answer && (
          <div>
            <p>{texts.answer}</p>
            <code className={styles.answer}>{answer}</code>
          </div>
        )}
      </Stack>
    </Notice>
  );
}
