import { useState } from "react";
import { useMe } from "../../api/me";
import { exportLogin } from "../../api/own-login";
import { fileName, saveJson } from "../../download";
import { ownLogin as texts } from "../../texts/en/own-login";
import { Button, errorText, Section, toasts } from "../../ui";
import { DeleteLogin } from "./delete-login";
import styles from "./profile.module.css";

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
      <div className={styles.choices}>
        <div className={styles.choice}>
          <div>
            <h3>{texts.export}</h3>
            <p className={styles.soft}>{texts.exportAbout}</p>
          </div>
          <Button icon="download" isBusy={isBusy} onClick={() => void download()}>
            {texts.export}
          </Button>
        </div>
        <div className={styles.choice}>
          <div>
            <h3>{texts.delete}</h3>
            <p className={styles.soft}>{texts.deleteAbout}</p>
          </div>
          <Button changes icon="trash" onClick={() => setAsking(true)}>
            {texts.deleteOpen}
          </Button>
        </div>
      </div>
      <DeleteLogin isOpen={isAsking} onClose={() => setAsking(false)} />
    </Section>
  );
}
