import { useState } from "react";
import { type Message, writeMessage } from "../../api/conversations";
import { useMe } from "../../api/me";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, errorText, Time, toasts } from "../../ui";
import { classes } from "../../ui/classes";
import { AttachmentView } from "./attachment";
import styles from "./conversations.module.css";
import { useChatUser } from "./use-person";

interface Props {
  project: string;
  conversation: string;
  message: Message;
  mayReply: boolean;
  /** Takes over what was sent again. */
  onSent: (messages: readonly Message[]) => void;
}

/** One message: who, when, what, and what became of it (U604). */
export function MessageView({ project, conversation, message, mayReply, onSent }: Props) {
  const { number, text, direction, attachments, created_at, edited_at, deleted_at, sending } = message;
  const isOurs = direction === "outgoing";
  return (
    <div className={classes(styles.message, isOurs && styles.isOurs)}>
      <p className={styles.byline}>
        <Author message={message} project={project} /> <Time as="clock" at={created_at} />
        {edited_at && !deleted_at && ` · ${texts.edited}`}
      </p>
      {deleted_at ? (
        <p className={styles.deleted}>{texts.deleted}</p>
      ) : (
        <>
          {text && (
            <p className={styles.bubble} dir="auto">
              {text}
            </p>
          )}
          {attachments.map((file) => (
            <AttachmentView
              conversation={conversation}
              file={file}
              key={file.index}
              number={number}
              project={project}
            />
          ))}
        </>
      )}
      {sending && (
        <Sending conversation={conversation} mayReply={mayReply} message={message} onSent={onSent} project={project} />
      )}
    </div>
  );
}

function Author({ message, project }: { message: Message; project: string }) {
  const { kind, id, name } = message.author;
  const me = useMe().account?.member_id;
  const user = useChatUser(project, id, kind === "chat_user");
  if (kind === "chat_user") return <bdi>{user?.display_name ?? texts.someone}</bdi>;
  if (kind === "member") return <bdi>{id === me ? texts.you : (name ?? texts.member)}</bdi>;
  return kind === "agent" ? texts.agent : kind === "system" ? texts.system : texts.unknown;
}

/** “Sent”, “Delivered” or “Not delivered: reason”; what failed can be sent again. */
function Sending({ project, conversation, message, mayReply, onSent }: Props) {
  const [key] = useState(() => crypto.randomUUID() as string);
  const [isBusy, setBusy] = useState(false);
  const [isAgain, setAgain] = useState(false);
  const { sending, text } = message;
  if (!sending) return null;
  const { status, reason } = sending;
  const isFailed = status === "failed" || status === "skipped";
  const again = async () => {
    setBusy(true);
    try {
      onSent(await writeMessage(project, conversation, text, key));
      setAgain(true);
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <p className={classes(styles.sending, isFailed && styles.isBad)}>
      {isFailed
        ? reason
          ? texts.notDelivered(texts.reasons[reason] ?? reason)
          : texts.notDeliveredAtAll
        : (texts.sending[status] ?? status)}
      {isFailed && mayReply && !isAgain && text && (
        <Button
          aria-label={texts.tryAgainOf(text.slice(0, 40))}
          changes
          isBusy={isBusy}
          kind="quiet"
          onClick={() => void again()}
          small
        >
          {texts.tryAgain}
        </Button>
      )}
    </p>
  );
}
