import type { Connector } from "../../../api/connectors";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import { Button, Section, Stack } from "../../../ui";
import { Steps } from "../outcome-notice";
import { Address } from "../webhook-section";

/** The address, and where to enter it. */
export function AddressStep({ connector, onNext }: { connector: Connector; onNext: () => void }) {
  return (
    <Section about={texts.addressAbout} title={texts.walkSteps.address}>
      <Stack gap={5}>
        <Address connector={connector} />
        {connector.can_connect && <p>{texts.addressConnect}</p>}
        {connector.set_up_steps.length > 0 && <Steps steps={connector.set_up_steps} />}
        <div>
          <Button kind="primary" onClick={onNext}>
            {texts.next}
          </Button>
        </div>
      </Stack>
    </Section>
  );
}
