import type { Provider } from "../../api/providers";
import { common } from "../../texts/en/common";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { TextArea } from "../../ui";
import styles from "./connectors.module.css";

interface Props {
  provider: Provider | undefined;
  field: {
    name: string;
    value: string;
    onChange: (value: string) => void;
    onBlur: () => void;
    error: string | undefined;
  };
  /** Gives it the focus when it appears. */
  hasFocus?: boolean;
}

/** The onboarding message with its help, and how a person will see it (U304). */
export function MessageField({ provider, field, hasFocus }: Props) {
  return (
    <>
      <TextArea
        {...field}
        autoFocus={hasFocus}
        help={
          <>
            <ul className={styles.points}>
              {texts.messageHelp.map((point) => (
                <li key={point}>{point}</li>
              ))}
            </ul>
            {texts.messageOnce}
          </>
        }
        label={texts.message}
        limit={provider?.message_max_chars}
        rows={4}
      />
      <figure className={styles.preview}>
        <figcaption className={styles.soft}>{texts.messagePreview}</figcaption>
        <div className={styles.bubble} dir="auto">
          {field.value.trim() || common.ellipsis}
        </div>
      </figure>
    </>
  );
}
