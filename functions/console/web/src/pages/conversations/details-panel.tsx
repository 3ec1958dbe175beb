import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { isKept } from "../../api/chat-user-pictures";
import { type Conversation, conversationOptions } from "../../api/conversations";
import { environmentsOptions } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { formatNumber } from "../../format";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { unread } from "../../texts/en/unread";
import {
  Badge,
  Copy,
  Details,
  EnvironmentBadge,
  Icon,
  PartProblem,
  Skeleton,
  Stack,
  StrangersText,
  Time,
} from "../../ui";
import { PersonAvatar } from "../requests/person-avatar";
import styles from "./conversations.module.css";
import type { Place } from "./places";
import { usePerson } from "./use-person";

interface Props {
  project: string;
  id: string;
  placeOf: (conversation: Conversation) => Place;
}

/** The facts about a conversation besides its messages: the person, why it waits or who has it, and where it takes place. */
export function DetailsPanel({ project, id, placeOf }: Props) {
  const account = useAccount().id;
  const may = useMay();
  const { data: conversation, error } = useQuery({ ...conversationOptions(project, id), enabled: false });
  const { user, name } = usePerson(project, conversation);
  // The thread says why it could not be read.
  if (!conversation) return error ? null : <Skeleton rows={4} />;
  return (
    <Stack gap={5}>
      <Link
        className={styles.toThread}
        params={{ account, project, id }}
        search={(now) => ({ ...now, details: undefined })}
        to="/a/$account/p/$project/conversations/$id"
      >
        <Icon name="chevronRight" />
        {texts.toThread}
      </Link>
      <h2>{texts.detailsTitle}</h2>
      <div className={styles.person}>
        <PersonAvatar
          chatUser={conversation.chat_user_id ?? ""}
          name={name}
          hasPicture={isKept(user?.avatar_url)}
          project={project}
          size={40}
        />
        <div className={styles.rowWords}>
          <bdi>{name}</bdi>
          {user && <Copy text={user.identifier} />}
          {user && may("chat_users.read") && (
            <Link className="target" params={{ account, project, id: user.id }} to="/a/$account/p/$project/people/$id">
              {texts.openProfile}
            </Link>
          )}
        </div>
      </div>
      <Routing conversation={conversation} />
      <Facts conversation={conversation} place={placeOf(conversation)} project={project} />
    </Stack>
  );
}

/** Why it waits, or who has it and why (U602, U603). */
function Routing({ conversation }: { conversation: Conversation }) {
  const { case: routed, handoff } = conversation;
  const items: (readonly [string, ReactNode])[] = [];
  if (routed && routed.state !== "released") {
    if (routed.waits_because) items.push([texts.waits, routed.waits_because.text]);
    items.push([
      routed.assigned_to ? texts.withTeamSince : texts.since,
      <Time as="full" at={routed.offered_at} key="since" />,
    ]);
    const { first_reply_at, first_reply_due_at, first_reply_missed_at } = routed;
    if (first_reply_missed_at) {
      items.push([texts.firstReplyMissed, <Time at={first_reply_missed_at} key="missed" />]);
    } else if (first_reply_due_at && !first_reply_at) {
      items.push([texts.firstReplyDue, <Time at={first_reply_due_at} key="due" />]);
    }
    if (routed.assigned_to)
      items.push([texts.assigned, <bdi key="member">{routed.assigned_to.name ?? texts.member}</bdi>]);
    if (routed.why) items.push([texts.why, routed.why.text]);
    const next = routed.why?.runners_up ?? [];
    if (next.length > 0) {
      items.push([
        texts.runnersUp,
        <ul key="next">
          {next.map(({ id, name, load, limit }) => (
            <li key={id}>
              <bdi>{texts.runnerUp(name, load, limit)}</bdi>
            </li>
          ))}
        </ul>,
      ]);
    }
    if (routed.team) items.push([texts.team, <bdi key="team">{routed.team.name}</bdi>]);
    if (routed.skills.length > 0) {
      items.push([
        texts.skills,
        <span className={styles.badges} key="skills">
          {routed.skills.map((skill) => (
            <Badge key={skill}>{skill}</Badge>
          ))}
        </span>,
      ]);
    }
  }
  if (handoff?.note) items.push([texts.note, <StrangersText key="note">{handoff.note}</StrangersText>]);
  return items.length > 0 ? <Details items={items} /> : null;
}

interface FactsProps {
  project: string;
  conversation: Conversation;
  place: Place;
}

function Facts({ project, conversation, place }: FactsProps) {
  const may = useMay();
  const environments = useQuery({ ...environmentsOptions(project), enabled: may("projects.read") });
  const { state, kind, environment_id, message_count, last_message_at } = conversation;
  const environment = environments.data?.find(({ id }) => id === environment_id)?.name;
  const items: (readonly [string, ReactNode])[] = [
    [texts.state, texts.states[state]],
    ...(place.client ? [[texts.client, <bdi key="client">{place.client}</bdi>] as const] : []),
    ...(place.channelLabel ? [[texts.channel, <bdi key="channel">{place.channelLabel}</bdi>] as const] : []),
    ...(place.connector ? [[texts.connector, <bdi key="connector">{place.connector}</bdi>] as const] : []),
    ...(environment ? [[texts.environment, <EnvironmentBadge key="environment" name={environment} />] as const] : []),
    ...(kind ? [[texts.kind, texts.kinds[kind]] as const] : []),
    [texts.count, formatNumber(message_count)],
    ...(last_message_at ? [[texts.lastMessage, <Time as="full" at={last_message_at} key="last" />] as const] : []),
  ];
  return (
    <>
      <Details items={items} />
      <PartProblem read={environments} title={unread.environments} />
    </>
  );
}
