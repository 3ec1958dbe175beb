import { users as texts } from "../../../texts/en/users";
import { Button, Copy, Dialog, Notice } from "../../../ui";
import styles from "./users.module.css";

/** A link of an invitation that was just made. */
export interface MadeLink {
  /** Name of the invited person. */
  name: string;
  url: string;
  /** It stands for a mail that could not be sent. */
  isUnsent?: boolean;
  isCopied?: boolean;
}

/** Shows a link to hand over, which no later answer repeats. */
export function LinkDialog(props: { isOpen: boolean; link: MadeLink | undefined; onClose: () => void }) {
  const { isOpen, link, onClose } = props;
  return (
    <Dialog
      actions={
        <Button kind="primary" onClick={onClose}>
          {texts.done}
        </Button>
      }
      isOpen={isOpen}
      isStubborn
      onClose={onClose}
      title={texts.linkTitle(link?.name ?? "")}
    >
      {link?.isUnsent && <p>{texts.linkNoMail}</p>}
      {link?.isCopied && <Notice tone="good">{<p>{texts.linkCopied}</p>}</Notice>}
      <p className={styles.link}>
        <Copy text={link?.url ?? ""} />
      </p>
      <p>
        {texts.linkText} {texts.linkOnce}
      </p>
    </Dialog>
  );
}
