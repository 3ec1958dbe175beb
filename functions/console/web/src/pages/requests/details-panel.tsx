import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { type AccessRequest, requestOptions } from "../../api/access-requests";
import { isKept } from "../../api/chat-user-pictures";
import { isProblem } from "../../api/problems";
import { formatDateTime, useTimeSettings } from "../../format";
import { useTitle } from "../../frame/title";
import { decisions } from "../../texts/en/decisions";
import { requests as texts } from "../../texts/en/requests";
import {
  Badge,
  Copy,
  Details,
  Dialog,
  EnvironmentBadge,
  ProblemView,
  Skeleton,
  Stack,
  StrangersText,
  Time,
} from "../../ui";
import { classes } from "../../ui/classes";
import type { Verdict } from "./decision-form";
import { conversationWords, Messages, Preview, RequestBadges } from "./facts";
import { FormOf } from "./form-of";
import { outcomesOf } from "./outcome-lines";
import { closedBecause } from "./outcomes";
import { PersonAvatar } from "./person-avatar";
import { ProviderName } from "./provider-name";
import type { FormOf as Forms, RequestContext } from "./request-list";
import { RowActions } from "./request-row";
import styles from "./requests.module.css";

interface Props {
  id: string | undefined;
  listed: readonly AccessRequest[] | undefined;
  formOf: Forms;
  context: RequestContext;
  onClose: () => void;
}

/** The request that the address names, in full; also if it is in no row. */
export function DetailsPanel({ id, listed, formOf, context, onClose }: Props) {
  const known = listed?.find((request) => request.id === id);
  const read = useQuery({
    ...requestOptions(context.project, id ?? ""),
    enabled: id !== undefined,
    ...(known && { initialData: known, initialDataUpdatedAt: 0 }),
  });
  // Kept while the panel goes.
  const last = useRef<AccessRequest | undefined>(undefined);
  if (id !== undefined) last.current = read.data ?? known;
  const request = last.current;
  useTitle(id !== undefined ? request?.user_name : undefined);
  const isGone = isProblem(read.error, "not-found", "invalid-parameters");
  return (
    <Dialog
      isOpen={id !== undefined}
      onClose={onClose}
      size="side"
      title={isGone ? decisions.notFoundTitle : (request?.user_name ?? decisions.panel)}
    >
      {isGone ? (
        <p>{decisions.notFound}</p>
      ) : request ? (
        <Content context={context} request={request} verb={formOf(request.id)} />
      ) : read.error ? (
        <ProblemView error={read.error} retry={() => void read.refetch()} />
      ) : (
        <Skeleton />
      )}
    </Dialog>
  );
}

interface ContentProps {
  request: AccessRequest;
  verb: Verdict | undefined;
  context: RequestContext;
}

function Content({ request, verb, context }: ContentProps) {
  const isPending = request.status === "pending";
  return (
    <Stack gap={5}>
      <div className={styles.panelTop}>
        <PersonAvatar
          chatUser={request.chat_user_id}
          name={request.user_name}
          hasPicture={isKept(request.avatar_url)}
          project={context.project}
          size={40}
        />
        <div className={styles.actions}>
          <RowActions context={context} isPending={isPending} request={request} verb={verb} />
        </div>
      </div>
      <FormOf context={context} request={request} verb={verb} />
      <RequestBadges request={request} />
      <Facts request={request} />
      <Outcomes request={request} />
    </Stack>
  );
}

function Facts({ request }: { request: AccessRequest }) {
  const settings = useTimeSettings();
  const labels = decisions.details;
  const { conversation, processed_by, processed_at, processing_note, end_user } = request;
  const items: (readonly [string, React.ReactNode])[] = [
    [labels.userName, <StrangersText key="name">{request.user_name}</StrangersText>],
    [labels.identifier, <Copy key="identifier" text={request.identifier} />],
    [labels.provider, <ProviderName channel={request.channel} key="provider" provider={request.provider} />],
    [labels.connector, <bdi key="connector">{request.connector.name}</bdi>],
    [
      labels.environment,
      <EnvironmentBadge key="environment" name={request.environment_name ?? texts.deletedEnvironment} />,
    ],
    [
      labels.conversation,
      <div key="conversation">
        <bdi>{conversationWords(request)}</bdi>
        <div>
          <Copy text={conversation.provider_conversation_id} />
        </div>
      </div>,
    ],
    [labels.status, <StatusWords key="status" request={request} />],
    [labels.createdAt, <Time as="full" at={request.created_at} key="created" />],
  ];
  if (request.expires_at && request.status === "pending") {
    items.push([labels.expiresAt, <Time as="full" at={request.expires_at} key="expires" />]);
  }
  if (processed_by) {
    items.push([labels.processedBy, <bdi key="by">{processed_by.name}</bdi>]);
    if (processed_at) items.push([labels.processedAt, <Time as="full" at={processed_at} key="at" />]);
    items.push([
      labels.processingNote,
      processing_note ? <StrangersText key="note">{processing_note}</StrangersText> : decisions.noNote,
    ]);
  }
  const { revoked_at, revoked_by, revocation_note } = request;
  if (revoked_at) {
    if (revoked_by) items.push([labels.revokedBy, <bdi key="revokedBy">{revoked_by.name}</bdi>]);
    items.push(
      [labels.revokedAt, <Time as="full" at={revoked_at} key="revokedAt" />],
      [
        labels.revocationNote,
        revocation_note ? <StrangersText key="revocationNote">{revocation_note}</StrangersText> : decisions.noNote,
      ],
    );
  }
  if (end_user) items.push([labels.endUser, <bdi key="user">{end_user.display_name}</bdi>]);
  items.push([
    labels.firstMessage,
    request.preview ? <Preview key="preview" text={request.preview} /> : decisions.previewGone,
  ]);
  if (request.message_count != null) items.push([labels.messages, <Messages key="messages" request={request} />]);
  const possible = request.new_request_possible_at;
  return (
    <>
      <Details items={items} />
      {possible && request.status === "rejected" && (
        <p className={styles.hint}>{decisions.newPossible(formatDateTime(possible, settings))}</p>
      )}
    </>
  );
}

function StatusWords({ request }: { request: AccessRequest }) {
  const { status, revoked_at } = request;
  const why = closedBecause(request);
  return (
    <div className={styles.line}>
      <Badge tone={status === "approved" ? "good" : status === "pending" ? "blue" : "grey"}>
        {texts.statuses[status]}
      </Badge>
      {revoked_at && <Badge tone="grey">{texts.accessRevoked}</Badge>}
      {why && <span>{why}</span>}
    </div>
  );
}

/** Outcomes of the onboarding message, the notice and the replay. */
function Outcomes({ request }: { request: AccessRequest }) {
  return (
    <section>
      <h3>{decisions.outcomes}</h3>
      <ul className={styles.outcomes}>
        {outcomesOf(request).map(({ key, words, at, isBad }) => (
          <li className={classes(styles.outcome, isBad && styles.isBad)} key={key}>
            <span dir="auto">{words}</span>
            {at && <Time as="full" at={at} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
