import type { Connector } from "../../../api/connectors";
import type { Tagged } from "../../../api/problems";
import type { Provider } from "../../../api/providers";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import { Button, Offer, Row, Section, Stack } from "../../../ui";
import { CredentialsSection } from "../credentials-section";
import { OutcomeNotice } from "../outcome-notice";
import { useSetUp } from "../use-set-up";
import { SetUpButton } from "../webhook-section";

interface Props {
  record: Tagged<Connector>;
  provider: Provider;
  onNext: () => void;
}

/** Asks the platform. A failed test shows the credentials with the field that it names. */
export function TestStep({ record, provider, onNext }: Props) {
  const connector = record.value;
  const setUp = useSetUp(connector);
  const isWorking = setUp.outcome?.status === "ok";
  return (
    <>
      <Section title={texts.testTitle}>
        <Stack gap={5}>
          <Offer about={texts.testAbout} title={texts.test}>
            <SetUpButton action="test" kind={isWorking ? "plain" : "primary"} setUp={setUp} />
          </Offer>
          {connector.can_connect && (
            <Offer about={texts.connectAbout} title={texts.connect}>
              <SetUpButton action="connect" setUp={setUp} />
            </Offer>
          )}
          <OutcomeNotice provider={provider} setUp={setUp} />
          <Row>
            <Button kind={isWorking ? "primary" : "plain"} onClick={onNext}>
              {setUp.outcome ? texts.next : texts.skip}
            </Button>
          </Row>
        </Stack>
      </Section>
      {setUp.outcome?.field && (
        <CredentialsSection
          onSaved={() => void setUp.run("test")}
          outcome={setUp.outcome}
          provider={provider}
          record={record}
        />
      )}
    </>
  );
}
