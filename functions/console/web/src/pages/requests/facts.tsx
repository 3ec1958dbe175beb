import type { AccessRequest } from "../../api/access-requests";
import { formatSpan } from "../../format";
import { requests as texts } from "../../texts/en/requests";
import { Badge, StrangersText, Time, useNow } from "../../ui";
import { undelivered } from "./outcomes";
import styles from "./requests.module.css";

/** “Direct message”, “#general” or “Group chat”. */
export function conversationWords({ conversation, conversation_name }: AccessRequest): string {
  if (conversation_name) return conversation_name;
  return texts[conversation.kind];
}

/** “3 messages, last 5 min ago” */
export function Messages({ request }: { request: AccessRequest }) {
  const { message_count: count, last_message_at: last } = request;
  if (count == null) return null;
  return (
    <span>
      {texts.messages(count)}
      {last && (
        <>
          , {texts.last} <Time at={last} />
        </>
      )}
    </span>
  );
}

/** “Waiting 3 hr” */
export function Waiting({ since }: { since: string }) {
  const now = useNow();
  return (
    <span className={styles.waiting}>
      <Time at={since}>{texts.waiting(formatSpan(now - Date.parse(since)))}</Time>
    </span>
  );
}

/** The beginning of the first message, in quotation marks. */
export function Preview({ text }: { text: string }) {
  return (
    <div className={styles.preview}>
      <StrangersText>{texts.quoted(text)}</StrangersText>
    </div>
  );
}

/** Badges with facts about the person that count in the decision. */
export function RequestBadges({ request }: { request: AccessRequest }) {
  const { rejected_before: rejections, blocked, status, suggested_end_user: suggested } = request;
  const reason = undelivered(request);
  const isPending = status === "pending";
  if (!(rejections > 0 && isPending) && !blocked && !reason && !(suggested && isPending)) return null;
  return (
    <div className={styles.badges}>
      {blocked && <Badge tone="bad">{texts.blocked}</Badge>}
      {isPending && rejections > 0 && <Badge tone="warn">{texts.rejectedBefore(rejections)}</Badge>}
      {isPending && suggested && (
        <Badge tone="blue">
          {suggested.reason === "same_phone"
            ? texts.samePhone(suggested.display_name)
            : texts.sameEmail(suggested.display_name)}
        </Badge>
      )}
      {reason && <ReasonBadge reason={reason} />}
    </div>
  );
}

/** A badge whose reason shows on hover and focus. */
function ReasonBadge({ reason }: { reason: string }) {
  return (
    <button
      aria-label={texts.notDeliveredWhy(reason)}
      className={styles.reason}
      data-print
      data-tip={reason}
      type="button"
    >
      <Badge tone="warn">{texts.notDelivered}</Badge>
    </button>
  );
}
