import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { isKept } from "../../api/chat-user-pictures";
import { type ChatUser, chatUserCountsOptions, chatUsersOptions } from "../../api/chat-users";
import { environmentsOptions } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { providersOptions } from "../../api/providers";
import { useList } from "../../api/query";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { useRowKeys } from "../../frame/use-row-keys";
import { common } from "../../texts/en/common";
import { peopleTexts as texts } from "../../texts/en/people";
import { unread } from "../../texts/en/unread";
import {
  announce,
  type Column,
  Copy,
  DataTable,
  EmptyState,
  EnvironmentBadge,
  Marked,
  NoMatches,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Row,
  rangesIn,
  SearchField,
  Select,
  Skeleton,
  Tabs,
  Time,
  Toolbar,
} from "../../ui";
import { classes } from "../../ui/classes";
import { PersonAvatar } from "../requests/person-avatar";
import { KeptBlocks } from "./kept-blocks";
import { hasName, TABS } from "./people";
import styles from "./people.module.css";
import { ProviderCell } from "./provider-cell";

const route = getRouteApi("/a/$account/p/$project/people");

/** Everybody who wrote here, by standing (U308). */
export function PeoplePage() {
  const { tab = "onboarding", q, provider } = route.useSearch();
  const navigate = route.useNavigate();
  const account = useAccount().id;
  const may = useMay();
  const project = useProjectId();
  const counts = useQuery(chatUserCountsOptions(project)).data;
  const mayPlaces = may("projects.read");
  const platforms = useQuery(providersOptions);
  const environments = useQuery(environmentsOptions(project));
  const list = useList(chatUsersOptions(project, { status: tab, q, provider }));

  const count = list.items?.length;
  const isMore = list.showMore !== undefined;
  useEffect(() => {
    if (q && count !== undefined && !list.isFetching) announce(texts.found(count, isMore));
  }, [q, count, isMore, list.isFetching]);

  const filter = (next: { q?: string | undefined; provider?: string | undefined }, replace = false) =>
    void navigate({ search: (old) => ({ ...old, ...next }), replace });
  useRowKeys(list.items?.map(({ id }) => id) ?? [], q ? () => filter({ q: undefined }, true) : undefined);
  return (
    <Page>
      <PageHeading about={texts.about} title={texts.title} />
      <Tabs
        label={texts.tabsLabel}
        tabs={TABS.map((key) => ({
          key,
          label: texts.tabs[key],
          count: counts && formatCount(counts[key]),
          isCurrent: key === tab,
          link: {
            to: "/a/$account/p/$project/people",
            params: { account, project },
            search: { tab: key === "onboarding" ? undefined : key, q, provider },
          },
        }))}
      />
      <Toolbar active={Number(Boolean(provider))}>
        <SearchField label={texts.search} onSearch={(next) => filter({ q: next || undefined }, true)} value={q ?? ""} />
        <Select
          label={texts.provider}
          onChange={(next) => filter({ provider: next || undefined })}
          options={[
            { value: "", label: texts.allProviders },
            ...(platforms.data?.items.map(({ provider: key, label }) => ({ value: key, label })) ?? []),
          ]}
          value={provider ?? ""}
        />
      </Toolbar>
      {mayPlaces && <PartProblem read={platforms} title={unread.platforms} />}
      {mayPlaces && list.items && <PartProblem read={environments} title={unread.environments} />}
      {list.error && !list.items ? (
        <ProblemView error={list.error} retry={list.retry} />
      ) : !list.items ? (
        <Skeleton />
      ) : list.items.length === 0 ? (
        q || provider ? (
          <NoMatches onClear={() => filter({ q: undefined, provider: undefined })} />
        ) : (
          <EmptyState title={texts.empty[tab]}>{texts.emptyText[tab]}</EmptyState>
        )
      ) : (
        <DataTable
          caption={texts.caption[tab]}
          columns={COLUMNS.filter(({ key }) => key !== "user" || may("end_users.read"))}
          isBusy={list.isFetching}
          isShowingMore={list.isShowingMore}
          rowKey={({ id }) => id}
          rows={list.items}
          showMore={list.showMore}
        />
      )}
      {tab === "blocked" && !q && !provider && <KeptBlocks />}
    </Page>
  );
}

function PersonCell({ person }: { person: ChatUser }) {
  const account = useAccount().id;
  const project = useProjectId();
  const { id, display_name, identifier } = person;
  const isNamed = hasName(person);
  return (
    <div className={styles.person}>
      <PersonAvatar
        chatUser={person.id}
        name={person.display_name}
        hasPicture={isKept(person.avatar_url)}
        project={project}
      />
      <div className={styles.names}>
        <Link
          className={classes(styles.name, "target")}
          data-row={id}
          params={{ account, project, id }}
          to="/a/$account/p/$project/people/$id"
        >
          <Marked ranges={rangesIn(person, isNamed ? "display_name" : "identifier")} text={display_name} />
        </Link>
        {isNamed && <Copy ranges={rangesIn(person, "identifier")} text={identifier} />}
      </div>
    </div>
  );
}

function EnvironmentsCell({ person }: { person: ChatUser }) {
  const environments = useQuery(environmentsOptions(useProjectId())).data;
  if (person.environments.length === 0) return <span className={styles.soft}>{texts.noEnvironments}</span>;
  return (
    <Row>
      {person.environments.map(({ environment_id }) => (
        <EnvironmentBadge
          key={environment_id}
          name={environments?.find(({ id }) => id === environment_id)?.name ?? common.ellipsis}
        />
      ))}
    </Row>
  );
}

const COLUMNS: Column<ChatUser>[] = [
  {
    key: "person",
    title: texts.person,
    isHeader: true,
    width: "34%",
    cell: (person) => <PersonCell person={person} />,
  },
  { key: "provider", title: texts.provider, cell: ({ provider }) => <ProviderCell provider={provider} /> },
  { key: "environments", title: texts.environments, cell: (person) => <EnvironmentsCell person={person} /> },
  {
    key: "user",
    title: texts.user,
    cell: ({ end_user }) =>
      end_user ? <bdi>{end_user.display_name}</bdi> : <span className={styles.soft}>{texts.noUser}</span>,
  },
  { key: "since", title: texts.since, cell: ({ created_at }) => <Time at={created_at} /> },
];
