import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type Conversation, conversationOptions, routedOptions } from "../../api/conversations";
import { useAccount } from "../../api/me";
import { polling } from "../../api/polling";
import { isProblem } from "../../api/problems";
import { useTitle } from "../../frame/title";
import { hasNavigated } from "../../navigation";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, ConfirmDialog, Icon, looks, MenuButton, ProblemView, Skeleton } from "../../ui";
import { OverLimitDialog } from "./conversation-list";
import { Waiting } from "./conversation-row";
import styles from "./conversations.module.css";
import type { Place } from "./places";
import { ReplyBox } from "./reply-box";
import { type Reader, type Verb, verbsOf, whyNotReply } from "./standing";
import type { Happening } from "./thread";
import { ThreadLines } from "./thread-lines";
import { TransferDialog } from "./transfer-dialog";
import { usePerson } from "./use-person";
import { useThread } from "./use-thread";
import { useVerbs } from "./use-verbs";

interface Props {
  project: string;
  id: string;
  reader: Reader;
  placeOf: (conversation: Conversation) => Place;
  label: (channel: string) => string;
  /** Called after each change that moves conversations between views. */
  onChanged: () => void;
}

/** The thread of one conversation, what can be done with it, and the reply. */
export function ThreadPanel(props: Props) {
  const { project, id } = props;
  const { data, error, refetch } = useQuery({ ...conversationOptions(project, id), ...polling });
  if (error && !data) {
    return (
      <div>
        <ToList project={project} />
        {isProblem(error, "not-found") && <h2>{texts.notFound}</h2>}
        <ProblemView error={error} retry={() => void refetch()} />
      </div>
    );
  }
  if (data) return <Thread {...props} conversation={data} />;
  return (
    <div>
      <ToList project={project} />
      <Skeleton rows={4} />
    </div>
  );
}

/** Leads back to the list where it is not beside the thread. */
function ToList({ project }: { project: string }) {
  const account = useAccount().id;
  return (
    <Link
      className={styles.toList}
      params={{ account, project }}
      search={(now) => ({ ...now, details: undefined })}
      to="/a/$account/p/$project/conversations"
    >
      <Icon name="chevronRight" />
      {texts.back}
    </Link>
  );
}

function Thread(props: Props & { conversation: Conversation }) {
  const { project, conversation, reader, placeOf, label, onChanged } = props;
  const { id } = conversation;
  const place = placeOf(conversation);
  const { user, name } = usePerson(project, conversation);
  useTitle(name);
  const thread = useThread(project, id);
  const decisions = useQuery({ ...routedOptions(project, id), ...polling });
  const routed = decisions.data ?? [];
  const grant = user?.environments.find(({ environment_id }) => environment_id === conversation.environment_id);
  const happenings: Happening[] = [
    ...routed.map((line) => ({ kind: "routed" as const, at: line.at, key: `r${line.id}`, routed: line })),
    ...(grant ? [{ kind: "approved" as const, at: grant.granted_at, key: "approved", by: grant.granted_by }] : []),
  ];
  const blocked = whyNotReply(conversation, reader, label);
  const { messages } = thread;
  const lastInbound = messages?.findLast(({ direction }) => direction === "inbound")?.number ?? 0;
  return (
    <>
      <ThreadHead
        conversation={conversation}
        name={name}
        onChanged={onChanged}
        place={place}
        project={project}
        reader={reader}
      />
      {decisions.error && !decisions.data && (
        <div className={styles.failed}>
          <ProblemView error={decisions.error} retry={() => void decisions.refetch()} />
        </div>
      )}
      {thread.error ? (
        <div className={styles.failed}>
          <ProblemView error={thread.error} retry={thread.retry} />
        </div>
      ) : !messages ? (
        <Skeleton rows={4} />
      ) : (
        <ThreadLines
          conversation={conversation}
          happenings={happenings}
          mayReply={blocked === undefined}
          messages={messages}
          person={name}
          project={project}
          thread={thread}
        />
      )}
      <ReplyBox
        blocked={blocked}
        conversation={conversation}
        lastInbound={lastInbound}
        maxChars={place.maxChars}
        onSent={thread.takeSent}
        project={project}
      />
    </>
  );
}

interface HeadProps {
  project: string;
  conversation: Conversation;
  name: string;
  place: Place;
  reader: Reader;
  onChanged: () => void;
}

/** Milliseconds in which a dialog that closes tries to give the focus back. */
const CLOSING = 200;

type Asked = Extract<Verb, "release" | "requeue" | "giveBack" | "handOver" | "transfer">;

/** Who it is, who has it, and what can be done (U606). */
function ThreadHead({ project, conversation, name, place, reader, onChanged: tellChange }: HeadProps) {
  const account = useAccount().id;
  const heading = useRef<HTMLHeadingElement>(null);
  const onChanged = () => {
    tellChange();
    // The button that opened a dialog may be gone once it closes.
    setTimeout(() => {
      if (document.activeElement === document.body) heading.current?.focus();
    }, CLOSING);
  };
  const verbs = useVerbs({ project, mayOverride: reader.mayOverride, onChanged });
  const possible = verbsOf(conversation, reader, place.isTeams);
  const [asked, setAsked] = useState<Asked>();
  const can = (verb: Verb) => possible.includes(verb);
  const close = () => setAsked(undefined);
  // The page stays the same, so that its own heading does not take the focus.
  useEffect(() => {
    if (hasNavigated()) heading.current?.focus();
  }, []);
  const further = [
    ...(can("requeue")
      ? [{ id: "requeue", label: texts.requeue, changes: true, onAction: () => setAsked("requeue") }]
      : []),
    ...(can("giveBack")
      ? [{ id: "give-back", label: texts.giveBack, changes: true, onAction: () => setAsked("giveBack") }]
      : []),
  ];
  return (
    <header className={styles.threadHead}>
      <ToList project={project} />
      <div className={styles.threadTitle}>
        <h2 ref={heading} tabIndex={-1}>
          <bdi>{name}</bdi>
        </h2>
        <p className={styles.soft}>
          {[place.channelLabel, place.client].filter(Boolean).join(" · ")}{" "}
          <Holder conversation={conversation} reader={reader} />
        </p>
      </div>
      <div className={styles.verbs}>
        {can("claim") && (
          <Button
            changes
            isBusy={verbs.claiming !== undefined}
            kind="primary"
            onClick={() => void verbs.claim(conversation)}
            small
          >
            {texts.claim}
          </Button>
        )}
        {can("release") && (
          <Button changes onClick={() => setAsked("release")} small>
            {texts.release}
          </Button>
        )}
        {can("transfer") && (
          <Button changes onClick={() => setAsked("transfer")} small>
            {texts.transfer}
          </Button>
        )}
        {can("handOver") && (
          <Button changes onClick={() => setAsked("handOver")} small>
            {texts.handOver}
          </Button>
        )}
        {further.length > 0 && <MenuButton label={texts.more} sections={[{ entries: further }]} />}
        <Link
          className={`${looks({ small: true })} ${styles.toDetails}`}
          params={{ account, project, id: conversation.id }}
          search={(now) => ({ ...now, details: true as const })}
          to="/a/$account/p/$project/conversations/$id"
        >
          {texts.details}
        </Link>
      </div>
      <OverLimitDialog overLimit={verbs.overLimit} />
      <TransferDialog
        conversation={conversation}
        isOpen={asked === "transfer"}
        onChanged={onChanged}
        onClose={close}
        project={project}
        reader={reader}
        routed={conversation.case}
      />
      <ConfirmDialog
        action={texts.release}
        isOpen={asked === "release"}
        kind="primary"
        onClose={close}
        onConfirm={() => verbs.release(conversation)}
        title={texts.releaseTitle}
      >
        {texts.releaseText}
      </ConfirmDialog>
      <ConfirmDialog
        action={texts.requeue}
        isOpen={asked === "requeue"}
        kind="primary"
        onClose={close}
        onConfirm={() => verbs.requeue(conversation)}
        title={texts.requeueTitle}
      >
        {texts.requeueText}
      </ConfirmDialog>
      <ConfirmDialog
        action={texts.giveBack}
        isOpen={asked === "giveBack"}
        kind="primary"
        onClose={close}
        onConfirm={() => verbs.giveBack(conversation)}
        title={texts.giveBackTitle}
      >
        {texts.giveBackText}
      </ConfirmDialog>
      <ConfirmDialog
        action={texts.handOver}
        isOpen={asked === "handOver"}
        kind="primary"
        onClose={close}
        onConfirm={() => verbs.handOver(conversation)}
        title={texts.handOverTitle}
      >
        {texts.handOverText}
      </ConfirmDialog>
    </header>
  );
}

/** “Assigned to Ana”, “Waiting 5 min”, or the state. */
function Holder({ conversation, reader }: { conversation: Conversation; reader: Reader }) {
  const { case: routed, state } = conversation;
  if (routed?.assigned_to) {
    const { id, name } = routed.assigned_to;
    return <>· {id === reader.member ? texts.assignedToYou : texts.assignedTo(name ?? texts.member)}</>;
  }
  if (routed?.state === "waiting" || routed?.state === "offered") {
    return (
      <>
        · <Waiting since={routed.offered_at} />
      </>
    );
  }
  return <>· {texts.states[state]}</>;
}
