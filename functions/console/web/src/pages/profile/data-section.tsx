import { useState } from "react";
import { useMe } from "../../api/me";
import { exportLogin } from "../../api/own-login";
import { fileName, saveJson } from "../../download";
import { ownLogin as texts } from "../../texts/en/own-login";
import { Button, errorText, Offer, Section, Stack, toasts } from "../../ui";
import { DeleteLogin } from "./delete-login";

/** What is on record about the login, to take along, and its end. */
export function DataSection() {
  const { login } = useMe();
  const [isBusy, setBusy] = useState(false);
  const [isAsking, setAsking] = useState(false);

  const download = async () => {
    setBusy(true);
    try {
      saveJson(await exportLogin(), fileName("login", login.email, "json"));
      toasts.done(texts.exported);
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Section title={texts.data}>
      <Stack gap={5}>
        <Offer about={texts.exportAbout} title={texts.export}>
          <Button icon="download" isBusy={isBusy} onClick={() => void download()}>
            {texts.export}
          </Button>
        </Offer>
        <Offer about={texts.deleteAbout} title={texts.delete}>
          <Button changes icon="trash" onClick={() => setAsking(true)}>
            {texts.deleteOpen}
          </Button>
        </Offer>
      </Stack>
      <DeleteLogin isOpen={isAsking} onClose={() => setAsking(false)} />
    </Section>
  );
}
