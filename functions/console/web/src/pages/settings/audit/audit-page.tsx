import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { type AuditEntry, auditEntryOptions, auditOptions, type ExportFormat } from "../../../api/audit";
import { useList } from "../../../api/query";
import { formatNumber, useTimeSettings } from "../../../format";
import { audit as texts } from "../../../texts/en/audit";
import { unread } from "../../../texts/en/unread";
import {
  announce,
  Badge,
  type Column,
  DataTable,
  EmptyState,
  MenuButton,
  NoMatches,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Skeleton,
  Time,
} from "../../../ui";
import { classes } from "../../../ui/classes";
import record from "../record.module.css";
import { ActorName, actionName, TargetName, useMemberNames } from "./actor-name";
import styles from "./audit.module.css";
import { EntryDialog } from "./entry-dialog";
import { ExportDialog } from "./export-dialog";
import { canBeRecord, countFilters, type Filters, isBackwards, toQuery } from "./filter";
import { FilterBar } from "./filter-bar";
import { isRefused } from "./values";

const route = getRouteApi("/a/$account/settings/audit");

/** The audit log: filters, entries, one entry in full, and the export. */
export function AuditPage() {
  const { open, ...filters } = route.useSearch();
  const navigate = route.useNavigate();
  const { timeZone } = useTimeSettings();
  const [format, setFormat] = useState<ExportFormat>();
  const query = toQuery(filters, timeZone);
  const isPossible = canBeRecord(filters.target) && !isBackwards(filters);
  const list = useList({ ...auditOptions(query), enabled: isPossible } as ReturnType<typeof auditOptions>);
  const { error, retry, isFetching, showMore, isShowingMore } = list;
  const items = isPossible ? list.items : [];
  const { names, read } = useMemberNames();

  const change = (next: Filters, replace = false) =>
    void navigate({ search: (now) => ({ ...now, ...next, open: undefined }), replace });
  const clear = () => void navigate({ search: {} });

  // A page can be empty without being the last: what is looked for may be further back.
  const isSearching = items?.length === 0 && showMore !== undefined && !error;
  useEffect(() => {
    if (isSearching && !isShowingMore) showMore?.();
  }, [isSearching, isShowingMore, showMore]);

  const isFiltered = countFilters(filters) > 0;
  const count = items?.length;
  const hasMore = showMore !== undefined;
  useEffect(() => {
    if (isFiltered && !isFetching && count !== undefined) announce(texts.found(formatNumber(count), hasMore));
  }, [isFiltered, isFetching, count, hasMore]);

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          <MenuButton
            icon="download"
            label={texts.export}
            sections={[
              {
                entries: [
                  {
                    id: "csv",
                    label: texts.exportCsv,
                    about: texts.exportCsvAbout,
                    onAction: () => setFormat("csv"),
                  },
                  {
                    id: "jsonl",
                    label: texts.exportJsonl,
                    about: texts.exportJsonlAbout,
                    onAction: () => setFormat("jsonl"),
                  },
                ],
              },
            ]}
          >
            {texts.export}
          </MenuButton>
        }
        title={texts.title}
      />
      <FilterBar entries={items ?? []} filters={filters} onChange={change} />
      <PartProblem read={read} title={unread.members} />
      {error && !items ? (
        <ProblemView error={error} retry={retry} />
      ) : !items || isSearching ? (
        <Skeleton rows={8} />
      ) : items.length === 0 ? (
        isFiltered ? (
          <NoMatches onClear={clear} />
        ) : (
          <EmptyState title={texts.emptyTitle}>{texts.empty}</EmptyState>
        )
      ) : (
        <DataTable
          caption={texts.caption}
          columns={
            [
              {
                key: "what",
                title: texts.columnWhat,
                isHeader: true,
                width: "22%",
                cell: (entry) => <What entry={entry} />,
              },
              { key: "who", title: texts.columnWho, width: "20%", cell: ({ actor }) => <ActorName actor={actor} /> },
              {
                key: "target",
                title: texts.columnTarget,
                width: "29%",
                cell: (entry) => <TargetName entry={entry} names={names} />,
              },
              { key: "when", title: texts.columnWhen, width: "15%", cell: ({ at }) => <Time at={at} /> },
              {
                key: "request",
                title: texts.columnRequest,
                cell: ({ request_id }) => (
                  <code className={styles.request} title={request_id}>
                    {request_id}
                  </code>
                ),
              },
            ] satisfies Column<AuditEntry>[]
          }
          isBusy={isFetching}
          isShowingMore={isShowingMore}
          rowKey={({ id }) => id}
          rows={items}
          showMore={showMore}
        />
      )}
      <OpenEntry
        id={open}
        listed={items}
        names={names}
        onClose={() => void navigate({ search: (now) => ({ ...now, open: undefined }), replace: true })}
        onFilter={(next) => change(next)}
      />
      <ExportDialog filter={query} format={format} isFiltered={isFiltered} onClose={() => setFormat(undefined)} />
    </Page>
  );
}

function What({ entry }: { entry: AuditEntry }) {
  return (
    <div className={styles.what}>
      <Link
        className={classes(record.name, "target")}
        from="/a/$account/settings/audit"
        resetScroll={false}
        search={(now) => ({ ...now, open: entry.id })}
        to="/a/$account/settings/audit"
      >
        {actionName(entry.action)}
      </Link>
      {isRefused(entry.action) && <Badge tone="bad">{texts.refused}</Badge>}
    </div>
  );
}

interface OpenProps {
  id: string | undefined;
  listed: readonly AuditEntry[] | undefined;
  names: ReadonlyMap<string, string>;
  onClose: () => void;
  onFilter: (filters: Filters) => void;
}

/** The entry that the address names, also if it is on none of the pages shown. */
function OpenEntry({ id, listed, ...rest }: OpenProps) {
  const known = listed?.find((entry) => entry.id === id);
  const mustRead = id !== undefined && known === undefined && listed !== undefined;
  const { data, error, refetch } = useQuery({ ...auditEntryOptions(id ?? ""), enabled: mustRead });
  return (
    <EntryDialog
      entry={known ?? data}
      error={mustRead ? error : null}
      isOpen={id !== undefined}
      retry={() => void refetch()}
      {...rest}
    />
  );
}
