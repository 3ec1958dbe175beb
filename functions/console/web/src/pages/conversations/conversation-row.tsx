import { Link } from "@tanstack/react-router";
import type { Conversation, MessagePreview, View } from "../../api/conversations";
import { useAccount, useMe } from "../../api/me";
import { formatSpan } from "../../format";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Badge, Button, Time, useNow } from "../../ui";
import { classes } from "../../ui/classes";
import { PersonAvatar } from "../requests/person-avatar";
import styles from "./conversations.module.css";
import type { Place } from "./places";
import { previewAuthor } from "./preview";

interface Props {
  project: string;
  conversation: Conversation;
  view: View;
  place: Place;
  isOpen: boolean;
  /** It is shown, though the view no longer has it. */
  isLeft: boolean;
  /** Claims it; undefined for who may not. */
  onClaim: (() => void) | undefined;
  isClaiming: boolean;
}

/** One conversation of a list: who, where, since when, and what the view is about. */
export function ConversationRow(props: Props) {
  const { project, conversation, view, place, isOpen, isLeft, onClaim, isClaiming } = props;
  const account = useAccount().id;
  const { person, preview } = conversation;
  const name = person?.name ?? texts.someone;
  const routed = conversation.case;
  const isWaiting = routed?.state === "waiting" || routed?.state === "offered";
  return (
    <li className={classes(styles.row, isOpen && styles.isOpen, isLeft && styles.isLeft)}>
      <PersonAvatar
        chatUser={person?.id ?? ""}
        hasPicture={person?.has_picture ?? false}
        name={name}
        project={project}
      />
      <div className={styles.rowWords}>
        <div className={styles.rowTop}>
          <Link
            aria-current={isOpen ? "true" : undefined}
            className={classes(styles.name, "target")}
            data-row={conversation.id}
            params={{ account, project, id: conversation.id }}
            search={(now) => ({ ...now, details: undefined })}
            to="/a/$account/p/$project/conversations/$id"
          >
            <bdi>{name}</bdi>
          </Link>
          {conversation.last_activity_at && !isWaiting && (
            <span className={styles.soft}>
              <Time at={conversation.last_activity_at} />
            </span>
          )}
          {isWaiting && <Waiting since={routed.offered_at} />}
        </div>
        {preview && <Preview preview={preview} />}
        <p className={styles.soft}>
          {[place.channelLabel, place.client, routed?.team?.name].filter(Boolean).map((part, index) => (
            <span key={part}>
              {index > 0 && " · "}
              <bdi>{part}</bdi>
            </span>
          ))}
        </p>
        {isLeft ? (
          <p className={styles.soft}>{texts.left}</p>
        ) : (
          <Standing conversation={conversation} isWaiting={isWaiting} view={view} />
        )}
        {onClaim && isWaiting && !isLeft && (
          <div className={styles.rowActions}>
            <Button aria-label={texts.claimOf(name)} changes isBusy={isClaiming} kind="primary" onClick={onClaim} small>
              {texts.claim}
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}

/** The beginning of the last message, behind its author unless the person wrote it. */
function Preview({ preview }: { preview: MessagePreview }) {
  const author = previewAuthor(preview, useMe().account?.member_id);
  return (
    <p className={styles.preview}>
      {author !== undefined && (
        <span className={styles.soft}>
          <bdi>{author}</bdi>:{" "}
        </span>
      )}
      <bdi>{preview.text}</bdi>
    </p>
  );
}

/** “Waiting 12 min” */
export function Waiting({ since }: { since: string }) {
  const now = useNow();
  return (
    <span className={styles.waiting}>
      <Time at={since}>{texts.waiting(formatSpan(now - Date.parse(since)))}</Time>
    </span>
  );
}

/** Why it waits, or who has it and why. */
function Standing({ conversation, view, isWaiting }: { conversation: Conversation; view: View; isWaiting: boolean }) {
  const routed = conversation.case;
  if (isWaiting && routed?.waits_because) return <p className={styles.why}>{routed.waits_because.text}</p>;
  if (routed?.assigned_to && view !== "mine") {
    return (
      <p className={styles.why}>
        {routed.why && view === "assigned"
          ? routed.why.text
          : texts.assignedTo(routed.assigned_to.name ?? texts.member)}
      </p>
    );
  }
  if (view !== "all" && view !== "agent") return null;
  return (
    <div>
      <Badge tone={conversation.state === "closed" ? "grey" : conversation.state === "open" ? "blue" : "violet"}>
        {texts.states[conversation.state]}
      </Badge>
    </div>
  );
}
