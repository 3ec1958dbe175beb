import { useState } from "react";
import { type Environment, rotateSigningSecret, updateEnvironment } from "../../api/environments";
import type { Tagged } from "../../api/problems";
import { useProjectId } from "../../frame/project-id";
import { environments as texts } from "../../texts/en/environments";
import { Button, ConfirmDialog, Row, Section, Stack, Time, toasts } from "../../ui";

interface Props {
  record: Tagged<Environment>;
  onChanged: (changed: Tagged<Environment>) => void;
}

/** The key of the signature on deliveries, and its rotation. */
export function SecretSection({ record, onChanged }: Props) {
  const project = useProjectId();
  const { id, agent } = record.value;
  const [isRotating, setRotating] = useState(false);
  const [isEnding, setEnding] = useState(false);
  const until = agent?.previous_secrets_until;
  return (
    <Section about={texts.secretAbout} title={texts.secret}>
      <Stack gap={3}>
        <p>
          {texts.secretSet}
          {until && (
            <>
              {" "}
              {texts.previousUntil} <Time as="full" at={until} />.
            </>
          )}
        </p>
        <Row>
          <Button changes onClick={() => setRotating(true)}>
            {texts.rotate}
          </Button>
          {until && (
            <Button changes onClick={() => setEnding(true)}>
              {texts.endPrevious}
            </Button>
          )}
        </Row>
      </Stack>
      <ConfirmDialog
        action={texts.rotateAction}
        isOpen={isRotating}
        kind="primary"
        onClose={() => setRotating(false)}
        onConfirm={async () => onChanged(await rotateSigningSecret(project, id, record.etag))}
        title={texts.rotateTitle}
      >
        {texts.rotateText}
      </ConfirmDialog>
      <ConfirmDialog
        action={texts.endPreviousAction}
        isOpen={isEnding}
        onClose={() => setEnding(false)}
        onConfirm={async () => {
          const change = { agent: { previous_signing_secret: null } };
          onChanged(await updateEnvironment(project, id, change, record.etag));
          toasts.done(texts.endedPrevious);
        }}
        title={texts.endPreviousTitle}
      >
        {texts.endPreviousText}
      </ConfirmDialog>
    </Section>
  );
}
