import { useState } from "react";
import { useMe } from "../../api/me";
import { exportLogin } from "../../api/own-login";
import { ownLogin as texts } from "../../texts/en/own-login";
import { Button, Offer, Section, Stack } from "../../ui";
import { useExport } from "../../use-export";
import { DeleteLogin } from "./delete-login";

/** Export of the record of the login, and its deletion. */
export function DataSection() {
  const { login } = useMe();
  const { isBusy, start } = useExport("login", login.email, exportLogin);
  const [isAsking, setAsking] = useState(false);

  return (
    <Section title={texts.data}>
      <Stack gap={5}>
        <Offer about={texts.exportAbout} title={texts.export}>
          <Button icon="download" isBusy={isBusy} onClick={start}>
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
