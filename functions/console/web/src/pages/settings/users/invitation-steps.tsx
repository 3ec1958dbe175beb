import type { Invitation } from "../../../api/invitations";
import { formatDateTime, useTimeSettings } from "../../../format";
import { users as texts } from "../../../texts/en/users";
import { Icon, type IconName } from "../../../ui";
import { type Step, stepsOf, troubleOf } from "./timeline";
import styles from "./users.module.css";

const ICONS: Record<Step["state"], IconName | undefined> = {
  done: "check",
  failed: "alert",
  waiting: "info",
  open: undefined,
};

/** The way of an invitation, as far as it came; below it, what keeps its mail from the reader, in the mail server's words unless `isBrief`. */
export function InvitationSteps({ invitation, isBrief }: { invitation: Invitation; isBrief?: boolean }) {
  const settings = useTimeSettings();
  const trouble = troubleOf(invitation);
  return (
    <>
      <ol aria-label={texts.timeline} className={styles.steps}>
        {stepsOf(invitation).map(({ key, state, at }) => {
          const icon = ICONS[state];
          return (
            <li className={styles[state]} key={key} title={at && formatDateTime(at, settings)}>
              <span className={styles.mark}>{icon && <Icon name={icon} size={12} />}</span>
              {texts.steps[key]}
              <span className="visually-hidden"> ({at ? formatDateTime(at, settings) : texts.stepStates[state]})</span>
            </li>
          );
        })}
      </ol>
      {trouble && (
        <p className={trouble.kind === "delayed" ? styles.soft : styles.trouble}>
          {texts.troubles[trouble.kind]}
          {!isBrief && trouble.words && (
            <>
              {" "}
              <bdi className={styles.words}>{texts.words(trouble.words)}</bdi>
            </>
          )}
        </p>
      )}
    </>
  );
}
