import { useEffect, useState } from "react";
import { type Conversation, type Message, writeMessage } from "../../api/conversations";
import { formatNumber } from "../../format";
import { common } from "../../texts/en/common";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { announce, Form, SubmitButton, TextArea, useForm } from "../../ui";
import { classes } from "../../ui/classes";
import { shortTime } from "../requests/hint";
import styles from "./conversations.module.css";
import { replyDrafts } from "./drafts";
import { isNearLimit, refusalOf } from "./standing";

/** Characters that the API takes; what is longer than a message of the platform is sent in pieces. */
const MAX = 40_000;

interface Props {
  project: string;
  conversation: Conversation;
  /** Why nothing can be written; undefined if it can. */
  blocked: string | undefined;
  /** Characters of one message of the platform. */
  maxChars: number | undefined;
  /** Number of the last message of others: with a new one, the platform takes answers again. */
  lastInbound: number;
  onSent: (messages: readonly Message[]) => void;
}

/** The reply, or why there can be none. What was typed survives leaving (U605). */
export function ReplyBox({ project, conversation, blocked, maxChars, lastInbound, onSent }: Props) {
  const [refusal, setRefusal] = useState<{ words: string; at: number }>();
  const max = conversation.reply?.max_chars ?? maxChars ?? MAX;
  const length = (text: string) => [...text].length;
  const form = useForm<{ text: string }, Message[]>({
    initial: { text: replyDrafts.of(conversation.id) },
    labels: { text: texts.reply },
    rules: {
      text: (text) =>
        text.trim() === "" ? texts.textRule : length(text) > MAX ? texts.tooLong(formatNumber(MAX)) : undefined,
    },
    send: ({ text }, key) => writeMessage(project, conversation.id, text, key),
    onDone: (messages) => {
      replyDrafts.keep(conversation.id, "");
      form.restart({ text: "" });
      announce(texts.sent);
      onSent(messages);
    },
    onFailure: (error) => {
      const words = refusalOf(error);
      if (words) setRefusal({ words, at: lastInbound });
      return words !== undefined;
    },
  });
  const { text } = form.values;
  useEffect(() => replyDrafts.keep(conversation.id, text), [conversation.id, text]);

  const why = blocked ?? (refusal && refusal.at === lastInbound ? refusal.words : undefined);
  if (why !== undefined) {
    return (
      <div className={styles.reply}>
        <p className={styles.cannot} role="status">
          {why}
        </p>
        {text !== "" && (
          <p className={styles.draft} dir="auto">
            {text}
          </p>
        )}
      </div>
    );
  }
  const count = length(text);
  return (
    <div className={styles.reply}>
      <Form form={form} isGuarded={false}>
        <TextArea
          {...form.text("text")}
          hideLabel
          label={texts.reply}
          onBlur={() => {}}
          placeholder={texts.replyPlaceholder}
          rows={rowsOf(text)}
        />
        <div className={styles.replyEnd}>
          <p className={styles.soft}>{hintOf(conversation)}</p>
          {isNearLimit(count, max) && (
            <span aria-live="polite" className={classes(styles.soft, count > MAX && styles.isBad)}>
              {common.charactersOf(formatNumber(count), formatNumber(max))}
              {count > max && `, ${texts.inPieces(Math.ceil(count / max))}`}
            </span>
          )}
          <SubmitButton>{texts.send}</SubmitButton>
        </div>
      </Form>
    </div>
  );
}

const ROWS_MIN = 2;
const ROWS_MAX = 8;
/** Characters of a line, roughly. */
const LINE = 70;

/** Lines that a text takes, from 2 to 8. */
function rowsOf(text: string): number {
  const lines = text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE)), 0);
  return Math.min(Math.max(lines, ROWS_MIN), ROWS_MAX);
}

/** A hint before writing. */
function hintOf({ state, case: routed, reply }: Conversation): string | undefined {
  if (reply?.until) return texts.windowUntil(shortTime(reply.until, Date.now()));
  if (state === "open") return texts.agentAnswers;
  return routed && routed.state !== "assigned" && routed.state !== "released" ? texts.waitsHint : undefined;
}
