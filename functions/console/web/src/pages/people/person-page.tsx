import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { isKept } from "../../api/chat-user-pictures";
import { type ChatUser, type ChatUserStatus, chatUserOptions } from "../../api/chat-users";
import { useAccount, useMay } from "../../api/me";
import { isProblem, type Tagged } from "../../api/problems";
import { providersOptions } from "../../api/providers";
import { formatDay } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { useTitle } from "../../frame/title";
import { peopleTexts as texts } from "../../texts/en/people";
import {
  BackLink,
  Badge,
  Copy,
  Details,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  ProviderIcon,
  Section,
  Skeleton,
  Stack,
  StrangersText,
  Time,
  type Tone,
} from "../../ui";
import { withNames } from "../../ui/with-names";
import { PersonAvatar } from "../requests/person-avatar";
import { AccessSection } from "./access-section";
import { ConversationsSection, RequestsSection } from "./history-sections";
import styles from "./people.module.css";
import { PersonActions } from "./person-actions";
import { UserSection } from "./user-section";

const route = getRouteApi("/a/$account/p/$project/people/$id");

const TONES: Record<ChatUserStatus, Tone> = { onboarding: "warn", active: "good", blocked: "bad" };

/** One person: access, linked user, requests and conversations (U308). */
export function PersonPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(chatUserOptions(useProjectId(), id));
  useTitle(data?.value.display_name);
  return (
    <Page isNarrow>
      {error && !data ? (
        <>
          <Head title={isProblem(error, "not-found") ? texts.notFound : texts.title} />
          <ProblemView error={error} retry={() => void refetch()} />
        </>
      ) : !data ? (
        <Skeleton rows={4} />
      ) : (
        <PersonView key={data.value.id} record={data} />
      )}
    </Page>
  );
}

function Head(props: { title: ReactNode; about?: ReactNode; actions?: ReactNode }) {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <>
      <BackLink link={{ to: "/a/$account/p/$project/people", params: { account, project } }}>{texts.back}</BackLink>
      <PageHeading {...props} />
    </>
  );
}

function PersonView({ record }: { record: Tagged<ChatUser> }) {
  const person = record.value;
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  return (
    <>
      <Head
        about={<About person={person} />}
        actions={<PersonActions record={record} />}
        title={<Title person={person} />}
      />
      {person.block && <Blocked block={person.block} />}
      <AccessSection person={person} />
      {may("end_users.read") && (
        <UserSection
          isLinking={open === "link"}
          onLinking={(isOpen) => void navigate({ search: { open: isOpen ? "link" : undefined }, replace: !isOpen })}
          person={person}
        />
      )}
      {may("access_requests.read") && <RequestsSection person={person} />}
      {may("conversations.read") && <ConversationsSection person={person} />}
      <Section title={texts.details}>
        <Details items={detailsOf(person)} />
      </Section>
    </>
  );
}

function Title({ person }: { person: ChatUser }) {
  const project = useProjectId();
  return (
    <span className={styles.title}>
      <PersonAvatar
        chatUser={person.id}
        name={person.display_name}
        hasPicture={isKept(person.avatar_url)}
        project={project}
        size={40}
      />
      <bdi>{person.display_name}</bdi>
      <Badge tone={TONES[person.status]}>{texts.status[person.status]}</Badge>
    </span>
  );
}

function About({ person }: { person: ChatUser }) {
  const providers = useQuery(providersOptions).data?.items;
  return (
    <span className={styles.line}>
      <span className={styles.provider}>
        <ProviderIcon provider={person.provider} />
        {providers?.find(({ provider }) => provider === person.provider)?.label ?? person.provider}
      </span>
      <Copy text={person.identifier} />
    </span>
  );
}

function Blocked({ block }: { block: NonNullable<ChatUser["block"]> }) {
  return (
    <Notice tone="warn">
      <Stack gap={1}>
        <p>
          {withNames(texts.blockedBy("{by}", formatDay(block.blocked_at)), { by: block.blocked_by })}{" "}
          {texts.blockedMeans}
        </p>
        {block.note && <StrangersText>{block.note}</StrangersText>}
      </Stack>
    </Notice>
  );
}

function detailsOf(person: ChatUser): (readonly [string, ReactNode])[] {
  const { identifier, other_identifier, platform_scope, language, created_at, updated_at } = person;
  return [
    [texts.identifier, <code key="identifier">{identifier}</code>],
    ...(other_identifier ? [[texts.otherIdentifier, <code key="other">{other_identifier}</code>] as const] : []),
    ...(platform_scope ? [[texts.scope, <code key="scope">{platform_scope}</code>] as const] : []),
    ...(language ? [[texts.language, language] as const] : []),
    [texts.since, <Time as="full" at={created_at} key="since" />],
    [texts.changed, <Time as="full" at={updated_at} key="changed" />],
  ];
}
