import { isProblem } from "../../api/problems";
import { profile as texts } from "../../texts/en/profile";
import { Copy, FormDialog, TextField, useForm } from "../../ui";
import { later, useLater } from "../../ui/loading";
import { useOnOpen } from "../../ui/use-on-open";
import { digits, isAppCode } from "../sign-in/codes";
import { useRefusal } from "../sign-in/use-refusal";
import styles from "./profile.module.css";

const image = later(() => import("./qr-image"));

export interface BegunFactor {
  secret: string;
  uri: string;
}

interface Props {
  isOpen: boolean;
  begun: BegunFactor | undefined;
  onClose: () => void;
  send: (code: string) => Promise<string[]>;
  onDone: (recoveryCodes: string[]) => void;
}

/** Takes a new second factor into an app, and proves that by a code. */
export function SetUpDialog({ isOpen, begun, onClose, send, onDone }: Props) {
  const module = useLater(image, isOpen);
  const refusal = useRefusal();
  const form = useForm({
    initial: { code: "" },
    labels: { code: texts.code },
    rules: { code: (value) => (isAppCode(value) ? undefined : texts.codeRule) },
    send: ({ code }) => {
      refusal.clear();
      return send(digits(code));
    },
    onDone,
    onFailure: (error) => {
      if (!isProblem(error, "wrong-code")) return refusal.take(error, {});
      form.complain("code", texts.wrongCode);
      return true;
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} submit={texts.confirm} title={texts.setUpTitle}>
      <ol className={styles.steps}>
        <li>
          <div className={styles.step}>
            <p>{texts.scan}</p>
            {begun && module && <module.QrImage text={begun.uri} />}
            {begun && (
              <div>
                <p className={styles.soft}>{texts.cannotScan}</p>
                <Copy text={begun.secret} />
                <p>
                  <a href={begun.uri}>{texts.openApp}</a>
                </p>
              </div>
            )}
          </div>
        </li>
        <li>
          <div className={styles.step}>
            <p>{texts.enterCode}</p>
            {refusal.view}
            <TextField
              {...form.text("code")}
              autoComplete="one-time-code"
              inputMode="numeric"
              label={texts.code}
              maxLength={7}
              mono
            />
          </div>
        </li>
      </ol>
    </FormDialog>
  );
}
