import { saveFile } from "../../download";
import { profile as texts } from "../../texts/en/profile";
import { Button, copyText, Dialog, Notice, Row } from "../../ui";
import styles from "./profile.module.css";

interface Props {
  isOpen: boolean;
  codes: readonly string[];
  email: string;
  /** Called once the person says that they are stored. Nothing else closes it. */
  onStored: () => void;
}

/** New recovery codes, shown once. */
export function RecoveryCodes({ isOpen, codes, email, onStored }: Props) {
  const file = [texts.fileTitle(email), "", ...codes, ""].join("\n");
  return (
    <Dialog
      actions={
        <Button kind="primary" onClick={onStored}>
          {texts.stored}
        </Button>
      }
      isOpen={isOpen}
      isStubborn
      onClose={onStored}
      title={texts.recoveryTitle}
    >
      <Notice tone="warn">
        <p>{texts.recovery}</p>
      </Notice>
      <ol className={styles.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <Row>
        <Button icon="copy" onClick={() => void copyText(codes.join("\n"))}>
          {texts.copyCodes}
        </Button>
        <Button icon="download" onClick={() => saveFile([file], "text/plain", texts.fileName)}>
          {texts.download}
        </Button>
      </Row>
    </Dialog>
  );
}
