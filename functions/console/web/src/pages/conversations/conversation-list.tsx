import { useEffect } from "react";
import type { Conversation, ConversationFilter, View } from "../../api/conversations";
import { useMe } from "../../api/me";
import { useRowKeys } from "../../frame/use-row-keys";
import { isCommand, isTyping } from "../../keys";
import { common } from "../../texts/en/common";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, ConfirmDialog, NoMatches, Notice, ProblemView, Row, Skeleton } from "../../ui";
import { ConversationRow } from "./conversation-row";
import styles from "./conversations.module.css";
import { NoConversations } from "./empty";
import type { Place } from "./places";
import { isOutsideChannels, type Reader } from "./standing";
import { useRows } from "./use-rows";
import { useVerbs } from "./use-verbs";

interface Props {
  project: string;
  view: View;
  filter: ConversationFilter;
  reader: Reader;
  placeOf: (conversation: Conversation) => Place;
  /** Id of the conversation whose thread is shown. */
  open: string | undefined;
  /** Opens the thread of a conversation. */
  onOpen: (id: string) => void;
  isFiltered: boolean;
  onClearFilters: () => void;
  /** Tells how to show the list as it will be read next. */
  onRenew: (renew: () => void) => void;
}

/** The conversations of a view. What comes meanwhile waits until it is asked for. */
export function ConversationList(props: Props) {
  const { project, view, filter, reader, placeOf, open, onOpen, isFiltered, onClearFilters, onRenew } = props;
  const list = useRows(project, view, filter);
  const verbs = useVerbs({ project, mayOverride: reader.mayOverride, onChanged: list.renewNext, onClaimed: onOpen });
  const shown = list.rows?.shown;
  const waiting = list.rows?.waiting ?? 0;
  useRowKeys((shown ?? []).map(({ id }) => id));
  useShowKey(waiting > 0 ? list.renew : undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the function is the same for as long as the list lives
  useEffect(() => onRenew(list.renewNext), []);

  if (list.error) return <ProblemView error={list.error} retry={list.retry} />;
  if (!shown || list.isSearching) return <Skeleton height={72} />;
  return (
    <>
      {waiting > 0 && (
        <Notice>
          <Row align="between">
            <p>{texts.newRows(waiting)}</p>
            <Button onClick={list.renew} small>
              {texts.show}
            </Button>
          </Row>
        </Notice>
      )}
      {shown.length === 0 ? (
        isFiltered ? (
          <NoMatches onClear={onClearFilters} />
        ) : (
          <NoConversations view={view} />
        )
      ) : (
        <ul aria-busy={list.isFetching || undefined} aria-label={texts.list} className={styles.rows}>
          {shown.map((conversation) => (
            <ConversationRow
              conversation={conversation}
              isClaiming={verbs.claiming === conversation.id}
              isLeft={list.rows?.left.has(conversation.id) ?? false}
              isOpen={conversation.id === open}
              key={conversation.id}
              onClaim={
                view === "queue" && reader.mayReply && !isOutsideChannels(conversation, reader)
                  ? () => void verbs.claim(conversation)
                  : undefined
              }
              place={placeOf(conversation)}
              project={project}
              view={view}
            />
          ))}
        </ul>
      )}
      {list.showMore && (
        <div className={styles.showMore}>
          <Button isBusy={list.isShowingMore} onClick={list.showMore}>
            {common.showMore}
          </Button>
        </div>
      )}
      <OverLimitDialog overLimit={verbs.overLimit} />
    </>
  );
}

/** Asks whether to exceed one's own limit. */
export function OverLimitDialog({ overLimit }: { overLimit: ReturnType<typeof useVerbs>["overLimit"] }) {
  return (
    <ConfirmDialog
      action={texts.claimAnyway}
      isOpen={overLimit.isOpen}
      kind="primary"
      onClose={overLimit.close}
      onConfirm={overLimit.confirm}
      title={texts.atYourLimit(overLimit.load, overLimit.limit)}
    >
      {texts.atLimitText}
    </ConfirmDialog>
  );
}

/** The key `.` shows what is new (U150). */
function useShowKey(show: (() => void) | undefined): void {
  const isOn = useMe().preferences.shortcuts;
  useEffect(() => {
    if (!isOn || !show) return;
    const press = (event: KeyboardEvent) => {
      if (event.key !== "." || event.defaultPrevented || isCommand(event) || isTyping(event.target)) return;
      event.preventDefault();
      show();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [isOn, show]);
}
