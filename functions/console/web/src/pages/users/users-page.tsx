import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { type EndUser, type EndUserQuery, endUserCountOptions, endUsersOptions } from "../../api/end-users";
import { environmentsOptions } from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { PAGE, useList } from "../../api/query";
import { formatCount, formatNumber } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { useFocusAfter, useRowKeys } from "../../frame/use-row-keys";
import { endUsers as texts } from "../../texts/en/end-users";
import { unread } from "../../texts/en/unread";
import {
  announce,
  Button,
  EmptyState,
  looks,
  NoMatches,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Row,
  SearchField,
  Select,
  Skeleton,
  Stack,
  Toolbar,
  useChangeLink,
} from "../../ui";
import { DeleteDialog } from "./delete-dialog";
import { ExportUsers } from "./export-users";
import { RunningImport } from "./import/running-import";
import { NothingFound } from "./nothing-found";
import styles from "./users.module.css";
import { UsersTable } from "./users-table";

const route = getRouteApi("/a/$account/p/$project/settings/users");

const SOURCES = ["invited", "self_registered"] as const;
/** Orders that the address names; without one, the newest come first. */
const ORDERS = ["oldest", "name"] as const;

/** Characters that the API takes of a search. */
const SEARCH_MAX = 200;

/** The people whom a project knows: search, filters, table, and what leads to adding, importing and exporting them (U401–U404, U411). */
export function UsersPage() {
  const search = route.useSearch();
  const { q, environment, source, order } = search;
  const navigate = route.useNavigate();
  const may = useMay();
  const project = useProjectId();
  const environments = useQuery(environmentsOptions(project));
  const query: EndUserQuery = { q: q?.slice(0, SEARCH_MAX), environment_id: environment, source, order };
  const list = useList(endUsersOptions(project, query));
  const [deleting, setDeleting] = useState<EndUser>();
  const [isDeleting, setIsDeleting] = useState(false);
  const { items, isFetching, showMore, isShowingMore } = list;
  const mayWrite = may("end_users.write");
  const isFiltered = Boolean(environment || source);

  // A page can be short without being the last: what is looked for may be further back.
  const isShort = q !== undefined && items !== undefined && items.length < PAGE && showMore !== undefined;
  const mustGoOn = isShort && !isFetching && !list.error;
  useEffect(() => {
    if (mustGoOn) showMore?.();
  }, [mustGoOn, showMore]);

  const count = items?.length;
  const hasMore = showMore !== undefined;
  const found = count === undefined ? undefined : texts.found(formatNumber(count), hasMore, count === 1);
  useEffect(() => {
    if (q && found !== undefined && !isFetching && !isShort) announce(found);
  }, [q, found, isFetching, isShort]);

  const filter = (next: Partial<typeof search>, replace = false) =>
    void navigate({ search: (old) => ({ ...old, ...next }), replace });
  const ids = items?.map(({ id }) => id) ?? [];
  useRowKeys(ids, q ? () => filter({ q: undefined }, true) : undefined);
  const focusAfter = useFocusAfter(ids);

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={<Actions isFiltered={isFiltered} query={query} />}
        title={texts.title}
      />
      <RunningImport />
      <Toolbar active={Number(Boolean(environment)) + Number(Boolean(source)) + Number(!q && Boolean(order))}>
        <SearchField label={texts.search} onSearch={(next) => filter({ q: next || undefined }, true)} value={q ?? ""} />
        <Select
          label={texts.environment}
          onChange={(next) => filter({ environment: next || undefined })}
          options={[
            { value: "", label: texts.allEnvironments },
            ...(environments.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []),
          ]}
          value={environment ?? ""}
        />
        <Select
          label={texts.source}
          onChange={(next) => filter({ source: SOURCES.find((known) => known === next) })}
          options={[
            { value: "", label: texts.allSources },
            ...SOURCES.map((value) => ({ value, label: texts.sources[value] })),
          ]}
          value={source ?? ""}
        />
        {/* Results of a search have an order of their own. */}
        {!q && (
          <Select
            label={texts.order}
            onChange={(next) => filter({ order: ORDERS.find((known) => known === next) })}
            options={(["newest", ...ORDERS] as const).map((value) => ({ value, label: texts.orders[value] }))}
            value={order ?? "newest"}
          />
        )}
      </Toolbar>
      {may("projects.read") && <PartProblem read={environments} title={unread.environments} />}
      {list.error && !items ? (
        <ProblemView error={list.error} retry={list.retry} />
      ) : !items ? (
        <Skeleton />
      ) : items.length > 0 ? (
        <Stack gap={2}>
          <p className={styles.found}>{q || isFiltered ? found : <Total />}</p>
          <UsersTable
            isBusy={isFetching}
            isShowingMore={isShowingMore}
            onDelete={
              mayWrite
                ? (user) => {
                    setDeleting(user);
                    setIsDeleting(true);
                  }
                : undefined
            }
            rows={items}
            showMore={showMore}
          />
        </Stack>
      ) : isShort || isShowingMore ? (
        <>
          <p className={styles.found}>{texts.searching}</p>
          <Skeleton />
        </>
      ) : q ? (
        <NothingFound
          isFiltered={isFiltered}
          onClear={() => filter({ q: undefined }, true)}
          onClearFilters={() => filter({ environment: undefined, source: undefined })}
          q={q}
        />
      ) : isFiltered ? (
        <NoMatches onClear={() => filter({ environment: undefined, source: undefined })} />
      ) : (
        <EmptyState action={mayWrite && <ToNewUsers />} title={texts.emptyTitle}>
          {texts.empty}
        </EmptyState>
      )}
      <DeleteDialog
        isOpen={isDeleting}
        onClose={() => {
          setIsDeleting(false);
          focusAfter.close();
        }}
        onDeleted={async () => focusAfter.removed(deleting?.id)}
        user={deleting}
      />
    </Page>
  );
}

function Total() {
  const count = useQuery(endUserCountOptions(useProjectId())).data;
  return count && texts.total(formatCount(count), count.count === 1 && !count.more);
}

function ProjectLink({ to, children, isMain }: { to: "new" | "import"; children: ReactNode; isMain?: boolean }) {
  const account = useAccount().id;
  const project = useProjectId();
  const change = useChangeLink();
  return (
    <Link
      {...change}
      className={looks({ kind: isMain ? "primary" : "plain" })}
      params={{ account, project }}
      to={`/a/$account/p/$project/settings/users/${to}`}
    >
      {children}
    </Link>
  );
}

function ToNewUsers() {
  return (
    <Row>
      <ProjectLink isMain to="new">
        {texts.add}
      </ProjectLink>
      <ProjectLink to="import">{texts.import}</ProjectLink>
    </Row>
  );
}

function Actions({ query, isFiltered }: { query: EndUserQuery; isFiltered: boolean }) {
  const mayWrite = useMay()("end_users.write");
  const [isExporting, setExporting] = useState(false);
  return (
    <>
      <Button icon="download" onClick={() => setExporting(true)}>
        {texts.export}
      </Button>
      {mayWrite && (
        <>
          <ProjectLink to="import">{texts.import}</ProjectLink>
          <ProjectLink isMain to="new">
            {texts.add}
          </ProjectLink>
        </>
      )}
      <ExportUsers
        isFiltered={isFiltered || Boolean(query.q)}
        isOpen={isExporting}
        onClose={() => setExporting(false)}
        query={query}
      />
    </>
  );
}
