import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Conversation, Message } from "../../api/conversations";
import { formatDate, formatDay, useTimeSettings } from "../../format";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, EmptyState, ProblemView, StrangersText, Time, useNow } from "../../ui";
import { useArrivals } from "../../ui/use-arrivals";
import styles from "./conversations.module.css";
import { followsAfter } from "./following";
import { MessageView } from "./message-view";
import { routedWords } from "./routed-words";
import { arrivedAfter, type Happening, type Line, linesOf } from "./thread";
import type { ThreadState } from "./use-thread";

interface Props {
  project: string;
  conversation: Conversation;
  /** Name of the person who wrote last. */
  person: string;
  thread: ThreadState;
  messages: readonly Message[];
  happenings: readonly Happening[];
  mayReply: boolean;
}

/** Distance from the beginning at which earlier messages are read. */
const NEAR_BEGINNING = 120;

/** The lines of a thread, the newest at the bottom. It stays where one reads, and follows at the end (U604). */
export function ThreadLines({ project, conversation, person, thread, messages, happenings, mayReply }: Props) {
  const times = useTimeSettings();
  const lines = linesOf(messages, happenings, !thread.hasEarlier, times);
  const scroll = useStayingScroll(messages, thread);
  return (
    <div className={styles.scrollFrame}>
      <section
        aria-label={texts.messages}
        className={styles.scroll}
        onScroll={scroll.onScroll}
        ref={scroll.frame}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll it
        tabIndex={0}
      >
        <div ref={scroll.content}>
          <Beginning messages={messages} thread={thread} />
          <ol className={styles.lines}>
            {lines.map((line) => (
              <li key={line.key}>
                <LineView
                  conversation={conversation}
                  line={line}
                  mayReply={mayReply}
                  onSent={thread.takeSent}
                  person={person}
                  project={project}
                />
              </li>
            ))}
          </ol>
          {messages.length === 0 && <EmptyState title={texts.noMessages} />}
        </div>
      </section>
      {scroll.arrived > 0 && (
        <div className={styles.arrived}>
          <Button icon="down" kind="primary" onClick={scroll.toEnd} small>
            {texts.newMessages(scroll.arrived)}
          </Button>
        </div>
      )}
    </div>
  );
}

function Beginning({ thread, messages }: { thread: ThreadState; messages: readonly Message[] }) {
  if (thread.failure !== undefined) return <ProblemView error={thread.failure} retry={thread.showEarlier} />;
  if (thread.hasEarlier) {
    return (
      <div className={styles.showMore}>
        <Button isBusy={thread.isReadingEarlier} onClick={thread.showEarlier} small>
          {texts.earlier}
        </Button>
      </div>
    );
  }
  const first = messages[0]?.number;
  if (first === undefined) return null;
  return <p className={styles.system}>{first > 1 ? texts.notKept : texts.beginning}</p>;
}

interface LineProps {
  project: string;
  conversation: Conversation;
  person: string;
  line: Line;
  mayReply: boolean;
  onSent: (messages: readonly Message[]) => void;
}

function LineView({ project, conversation, person, line, mayReply, onSent }: LineProps) {
  switch (line.kind) {
    case "day":
      return <Day at={line.at} />;
    case "message":
      return (
        <MessageView
          conversation={conversation.id}
          mayReply={mayReply}
          message={line.message}
          onSent={onSent}
          project={project}
        />
      );
    case "approved":
      return <SystemLine at={line.at}>{texts.line.approved(person, line.by)}</SystemLine>;
    default: {
      const { words, why } = routedWords(line.routed);
      return (
        <SystemLine at={line.at} note={line.routed.note} why={why}>
          {words}
        </SystemLine>
      );
    }
  }
}

/** “Today”, “Yesterday”, or the date. */
function Day({ at }: { at: string }) {
  const now = useNow();
  const times = useTimeSettings();
  const date = formatDate(at, times);
  const isOf = (time: number) => formatDate(new Date(time).toISOString(), times) === date;
  const words = isOf(now) ? texts.today : isOf(now - 86_400_000) ? texts.yesterday : formatDay(at, now, times);
  return <h3 className={styles.day}>{words}</h3>;
}

interface SystemLineProps {
  at: string;
  children: ReactNode;
  why?: string | undefined;
  note?: string | null;
}

/** Something that happened besides messages. */
function SystemLine({ at, children, why, note }: SystemLineProps) {
  return (
    <div className={styles.system}>
      <p>
        <bdi>{children}</bdi> <Time as="clock" at={at} />
      </p>
      {why && <p dir="auto">{why}</p>}
      {note && <StrangersText>{note}</StrangersText>}
    </div>
  );
}

/** Scrolling that follows new messages at the end, and stays where it is when earlier ones come. */
function useStayingScroll(messages: readonly Message[], thread: ThreadState) {
  const frame = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const top = useRef(0);
  const [seen, setSeen] = useState(Number.POSITIVE_INFINITY);
  const last = messages.at(-1)?.number ?? 0;
  const first = messages[0]?.number;
  const before = useRef<{ first: number | undefined; height: number }>({ first, height: 0 });

  const toEnd = () => {
    const place = frame.current;
    if (!place) return;
    follows.current = true;
    top.current = jumpToEnd(place);
    setSeen(Number.POSITIVE_INFINITY);
  };

  useEffect(() => {
    if (!content.current || !frame.current) return;
    // Pictures come later and a bar takes room, which must not push the end out of sight.
    const observer = new ResizeObserver(() => {
      const place = frame.current;
      if (place && follows.current) top.current = jumpToEnd(place);
    });
    observer.observe(content.current);
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const place = frame.current;
    if (!place) return;
    if (before.current.first !== undefined && first !== undefined && first < before.current.first) {
      place.scrollTop += place.scrollHeight - before.current.height;
    }
    before.current = { first, height: place.scrollHeight };
  }, [first]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each message that was written here
  useLayoutEffect(() => {
    if (thread.sent > 0) toEnd();
  }, [thread.sent]);

  const arrived = arrivedAfter(messages, seen);
  useArrivals(arrived, texts.newMessages);

  const onScroll = () => {
    const place = frame.current;
    if (!place) return;
    before.current.height = place.scrollHeight;
    const isFollowing = followsAfter(place, top.current, follows.current);
    top.current = place.scrollTop;
    if (isFollowing !== follows.current) {
      follows.current = isFollowing;
      setSeen(isFollowing ? Number.POSITIVE_INFINITY : last);
    }
    if (!isFollowing && place.scrollTop < NEAR_BEGINNING && thread.hasEarlier && thread.failure === undefined) {
      thread.showEarlier();
    }
  };

  return { frame, content, arrived, toEnd, onScroll };
}

/** Scrolls to the end, and returns the place that this is. */
function jumpToEnd(place: HTMLElement): number {
  place.scrollTop = place.scrollHeight;
  return place.scrollTop;
}
