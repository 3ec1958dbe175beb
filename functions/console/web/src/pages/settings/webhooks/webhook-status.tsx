import { useState } from "react";
import { useMay } from "../../../api/me";
import { readWebhookAgain, resumeWebhook, type Webhook } from "../../../api/webhooks";
import { webhooks as texts } from "../../../texts/en/webhooks";
import { announce, Badge, Button, errorText, Notice, Stack, Time, type Tone, toasts } from "../../../ui";
import record from "../record.module.css";

const TONES: Record<Webhook["status"], Tone> = { active: "good", failing: "warn", down: "bad", paused: "grey" };

export function StatusBadge({ status }: { status: Webhook["status"] }) {
  return <Badge tone={TONES[status]}>{texts.statuses[status]}</Badge>;
}

/** The status, why it is paused, and the way out of it. */
export function Status({ webhook }: { webhook: Webhook }) {
  const { status, paused } = webhook;
  return (
    <Stack gap={1}>
      <StatusBadge status={status} />
      {paused && <span className={record.about}>{texts.pauseReasons[paused.reason]}</span>}
      {paused && <Resume webhook={webhook} />}
    </Stack>
  );
}

/** Tells the trouble of a webhook, its beginning, and the way out; nothing while all is well. */
export function StatusNotice({ webhook }: { webhook: Webhook }) {
  const { status, paused, failing_since, last_failure } = webhook;
  if (status === "active") return null;
  return (
    <Notice tone={status === "down" ? "bad" : "warn"}>
      <Stack gap={2}>
        <p>
          <strong>{texts.statuses[status]}.</strong> {paused && `${texts.pauseReasons[paused.reason]} `}
          {texts.statusAbout[status]}
        </p>
        {paused && (
          <p>
            {texts.pausedSince} <Time as="full" at={paused.since} />
          </p>
        )}
        {failing_since && (
          <p>
            {texts.failingSince} <Time as="full" at={failing_since} />
          </p>
        )}
        {last_failure && (
          <p>
            {texts.lastFailure}: <bdi>{last_failure.reason}</bdi>, <Time at={last_failure.at} />
          </p>
        )}
        {paused && <Resume webhook={webhook} />}
      </Stack>
    </Notice>
  );
}

function Resume({ webhook: { id, name } }: { webhook: Webhook }) {
  const mayWrite = useMay()("webhooks.write");
  const [isBusy, setBusy] = useState(false);
  if (!mayWrite) return null;
  const resume = async () => {
    setBusy(true);
    try {
      await resumeWebhook(id);
      await readWebhookAgain(id);
      const words = texts.resumed(name);
      toasts.done(words);
      announce(words);
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div>
      <Button aria-label={texts.resumeOf(name)} changes isBusy={isBusy} onClick={() => void resume()} small>
        {texts.resume}
      </Button>
    </div>
  );
}
