import { useState } from "react";
import type { Connector } from "../../api/connectors";
import type { Provider } from "../../api/providers";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Button, ConfirmDialog, Copy, Offer, Section, Stack, Time } from "../../ui";
import { canRotate, isOwnSystem } from "./connector";
import styles from "./connectors.module.css";
import { OutcomeNotice, Steps } from "./outcome-notice";
import type { SetUp } from "./use-set-up";

interface Props {
  connector: Connector;
  provider: Provider | undefined;
  setUp: SetUp;
  /** The steps alone, without what changes something. */
  isReadOnly: boolean;
}

/** The address, the steps by hand, and what the platform says about it (U305). */
export function WebhookSection({ connector, provider, setUp, isReadOnly }: Props) {
  const [isAsking, setAsking] = useState(false);
  return (
    <Section about={texts.webhookAbout} title={texts.webhook}>
      <Stack gap={5}>
        <Address connector={connector} />
        {connector.set_up_steps.length > 0 && (
          <Stack gap={2}>
            <h3>{isOwnSystem(connector.provider) ? texts.stepsOwn : texts.steps}</h3>
            <Steps steps={connector.set_up_steps} />
          </Stack>
        )}
        {!isReadOnly && (
          <>
            <OutcomeNotice provider={provider} setUp={setUp} />
            <Offer about={texts.testAbout} title={texts.test}>
              <SetUpButton action="test" setUp={setUp} />
            </Offer>
            {connector.can_connect && (
              <Offer
                about={
                  <>
                    {texts.connectAbout}
                    {connector.webhook_connected_at && (
                      <>
                        {" "}
                        {texts.connectedSince} <Time at={connector.webhook_connected_at} />.
                      </>
                    )}
                  </>
                }
                title={texts.connect}
              >
                <SetUpButton action="connect" setUp={setUp} />
              </Offer>
            )}
            {canRotate(provider) && (
              <Offer about={texts.rotateAbout} title={texts.rotate}>
                <Button
                  blocked={connector.webhook_connected_at ? undefined : texts.rotateFirst}
                  changes
                  isBusy={setUp.running === "rotate"}
                  onClick={() => setAsking(true)}
                >
                  {texts.rotate}
                </Button>
              </Offer>
            )}
          </>
        )}
      </Stack>
      <ConfirmDialog
        action={texts.rotate}
        isOpen={isAsking}
        kind="primary"
        onClose={() => setAsking(false)}
        onConfirm={() => setUp.run("rotate")}
        title={texts.rotateTitle}
      >
        {texts.rotateText}
      </ConfirmDialog>
    </Section>
  );
}

/** The address for the platform, to copy. */
export function Address({ connector }: { connector: Connector }) {
  const { webhook_url, webhook_path } = connector;
  return (
    <div className={styles.address}>
      {!webhook_url && <p>{texts.noAddress}</p>}
      <Copy text={webhook_url ?? webhook_path} />
    </div>
  );
}

/** The button that asks the platform something. */
export function SetUpButton({
  action,
  setUp,
  kind,
}: {
  action: "test" | "connect";
  setUp: SetUp;
  kind?: "primary" | "plain";
}) {
  return (
    <Button
      changes={action === "connect"}
      isBusy={setUp.running === action}
      kind={kind}
      onClick={() => void setUp.run(action)}
    >
      {texts[action]}
    </Button>
  );
}
