import type { ReactNode } from "react";
import { Button, ProblemView, Row, Section, Stack } from "../../ui";

interface Props {
  texts: { test: string; testAbout: string; send: string };
  test: { error: unknown; isBusy: boolean; send: () => void };
  /** Outcome of the last call. */
  children: ReactNode;
}

/** Section with the button that makes a call as a test. */
export function TestForm({ texts, test, children }: Props) {
  return (
    <Section about={texts.testAbout} title={texts.test}>
      <Stack gap={3}>
        <Row>
          <Button changes icon="send" isBusy={test.isBusy} onClick={test.send}>
            {texts.send}
          </Button>
        </Row>
        {test.error !== undefined && <ProblemView error={test.error} />}
        {children}
      </Stack>
    </Section>
  );
}
