import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { AccessRequest } from "../../api/access-requests";
import { isKept } from "../../api/chat-user-pictures";
import { useMay } from "../../api/me";
import { useTimeSettings } from "../../format";
import { requests as texts } from "../../texts/en/requests";
import {
  Badge,
  Button,
  Copy,
  EnvironmentBadge,
  MenuButton,
  type MenuEntry,
  rangesIn,
  StrangersText,
  Time,
  useNow,
} from "../../ui";
import { classes } from "../../ui/classes";
import type { Verdict } from "./decision-form";
import { conversationWords, Messages, Preview, RequestBadges, Waiting } from "./facts";
import { linkId } from "./focus";
import { FormOf } from "./form-of";
import { shortTime, windowHint } from "./hint";
import { closedBecause, toldWords } from "./outcomes";
import { PersonAvatar } from "./person-avatar";
import { ProviderName } from "./provider-name";
import type { RequestContext } from "./request-list";
import styles from "./requests.module.css";

interface Props {
  request: AccessRequest;
  context: RequestContext;
  isSelected: boolean;
  /** Why it is about to go. */
  leaving: string | undefined;
  /** Why it was not decided with others. */
  left: string | undefined;
  /** The decision that is being written about it. */
  verb: Verdict | undefined;
  /** The form stands in the panel. */
  isFormElsewhere: boolean;
}

/** One request: who asks, where, what they wrote, and the decision. Of hundreds of rows, only those that change are drawn again. */
export const RequestRow = memo(function RequestRow(props: Props) {
  const { request, context, isSelected, leaving, left, verb, isFormElsewhere } = props;
  const { project, connectors, mayDecide, select } = context;
  const { id, user_name: name, status } = request;
  const isPending = status === "pending" && !leaving;
  const connector = connectors?.find((known) => known.id === request.connector.id);
  return (
    <li className={classes(styles.row, isSelected && styles.isSelected)} data-request={id}>
      <div className={styles.cells}>
        <div className={styles.box}>
          {mayDecide && isPending && (
            <input
              aria-label={texts.select(name)}
              checked={isSelected}
              className={styles.checkbox}
              onChange={() => select(id, false)}
              onClick={(event) => {
                if (!event.shiftKey) return;
                event.preventDefault();
                select(id, true);
              }}
              type="checkbox"
            />
          )}
        </div>
        <PersonAvatar
          chatUser={request.chat_user_id}
          name={name}
          hasPicture={isKept(request.avatar_url)}
          project={project}
        />
        <div className={styles.person}>
          <h2 className={styles.nameLine}>
            <StrangersText
              ranges={rangesIn(request, "user_name")}
              within={(text) => (
                <Link
                  className={classes(styles.name, "target")}
                  from="/a/$account/p/$project/requests"
                  id={linkId(id)}
                  params={(now) => ({ ...now, id })}
                  resetScroll={false}
                  search={(now) => now}
                  to="/a/$account/p/$project/requests/$id"
                >
                  {text}
                </Link>
              )}
            >
              {name}
            </StrangersText>
          </h2>
          {request.identifier !== name && <Copy ranges={rangesIn(request, "identifier")} text={request.identifier} />}
          <RequestBadges request={request} />
        </div>
        <div className={styles.where}>
          <ProviderName channel={request.channel} provider={request.provider} />
          <bdi className={styles.soft}>{request.connector.name}</bdi>
          <span className={styles.line}>
            <EnvironmentBadge name={request.environment_name ?? texts.deletedEnvironment} />
            <bdi>{conversationWords(request)}</bdi>
          </span>
        </div>
        <div className={styles.words}>
          <span className={classes(styles.line, styles.soft)}>
            {status === "pending" ? <Waiting since={request.created_at} /> : <Processed request={request} />}
            <Messages request={request} />
          </span>
          {request.preview && <Preview text={request.preview} />}
          {isPending && <RowHint followUp={connector?.after_approval} request={request} />}
          {left && <p className={styles.error}>{left}</p>}
        </div>
        <div className={styles.actions}>
          {leaving ? (
            <p className={styles.leaving}>{leaving}</p>
          ) : (
            <RowActions context={context} isPending={isPending} request={request} verb={verb} />
          )}
        </div>
      </div>
      {!isFormElsewhere && !leaving && <FormOf context={context} request={request} verb={verb} />}
    </li>
  );
});

function RowHint({ request, followUp }: { request: AccessRequest; followUp: Parameters<typeof windowHint>[1] }) {
  const now = useNow();
  const settings = useTimeSettings();
  const hint = windowHint(request, followUp, now, settings);
  if (!hint || followUp === "silent") return null;
  return <p className={classes(styles.hint, hint.isUrgent && styles.isUrgent)}>{hint.words}</p>;
}

/** The decider, the time, and whether the person was told. */
function Processed({ request }: { request: AccessRequest }) {
  const now = useNow();
  const settings = useTimeSettings();
  const told = toldWords(request, (at) => shortTime(at, now, settings));
  const why = closedBecause(request);
  const { revoked_at, revoked_by } = request;
  if (revoked_at) {
    return (
      <>
        <Badge tone="grey">{texts.accessRevoked}</Badge>
        {revoked_by && <bdi>{revoked_by.name}</bdi>}
        <Time at={revoked_at} />
      </>
    );
  }
  return (
    <>
      <Badge tone={request.status === "approved" ? "good" : "grey"}>{texts.statuses[request.status]}</Badge>
      {why ?? (request.processed_by && <bdi>{request.processed_by.name}</bdi>)}
      {request.processed_at && <Time at={request.processed_at} />}
      {told && <span>{told}</span>}
    </>
  );
}

interface ActionsProps {
  request: AccessRequest;
  context: RequestContext;
  isPending: boolean;
  verb: Verdict | undefined;
}

/** Decisions and what else can be done with a request. */
export function RowActions({ request, context, isPending, verb }: ActionsProps) {
  const { mayDecide, decide, revoke } = context;
  const { id, user_name: name, status, revoked_at } = request;
  return (
    <>
      {mayDecide && isPending && (
        <>
          <Button
            aria-expanded={verb === "approve"}
            aria-label={texts.approveOf(name)}
            changes
            kind={verb === "reject" ? "plain" : "primary"}
            onClick={() => decide(verb === "approve" ? undefined : "approve", id)}
            small
          >
            {texts.approve}
          </Button>
          <Button
            aria-expanded={verb === "reject"}
            aria-label={texts.rejectOf(name)}
            changes
            onClick={() => decide(verb === "reject" ? undefined : "reject", id)}
            small
          >
            {texts.reject}
          </Button>
        </>
      )}
      {mayDecide && status === "approved" && !revoked_at && (
        <Button aria-label={texts.revokeOf(name)} changes onClick={() => revoke(request)} small>
          {texts.revoke}
        </Button>
      )}
      <MoreMenu context={context} request={request} />
    </>
  );
}

function MoreMenu({ request, context }: { request: AccessRequest; context: RequestContext }) {
  const may = useMay();
  const { account, project, block, explain, copyLink } = context;
  const entries: MenuEntry[] = [
    ...(may("chat_users.read")
      ? [
          {
            id: "profile",
            label: texts.openProfile,
            icon: "person" as const,
            href: `/console/a/${account}/p/${project}/people/${request.chat_user_id}`,
          },
        ]
      : []),
    { id: "explain", label: texts.explain, icon: "info", onAction: () => explain(request) },
    { id: "link", label: texts.copyLink, icon: "copy", onAction: () => copyLink(request) },
    ...(may("chat_users.block") && !request.blocked
      ? [
          {
            id: "block",
            label: texts.block,
            icon: "lock" as const,
            isDangerous: true,
            changes: true,
            onAction: () => block(request),
          },
        ]
      : []),
  ];
  return <MenuButton icon="more" label={texts.moreOf(request.user_name)} sections={[{ entries }]} />;
}
