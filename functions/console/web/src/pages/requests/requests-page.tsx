import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useMatches } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { requestCountsOptions } from "../../api/access-requests";
import { allConnectorsOptions } from "../../api/connectors";
import { useAccount, useMay } from "../../api/me";
import { formatCount, useTimeSettings } from "../../format";
import { useShownProject } from "../../frame/use-project";
import { requests as texts } from "../../texts/en/requests";
import { Button, Page, PageHeading, Tabs } from "../../ui";
import { useLater } from "../../ui/loading";
import { type Filters, toQuery } from "./filter";
import { FilterBar } from "./filter-bar";
import { HeldBackNotices } from "./held-back";
import { overlays } from "./overlays-later";
import styles from "./requests.module.css";
import { RequestsView } from "./requests-view";

const route = getRouteApi("/a/$account/p/$project/requests");
const ADDRESS = "/a/$account/p/$project/requests";

/** The access requests of a project: who waits, who was approved, and what was rejected. */
export function RequestsPage() {
  const { project } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const account = useAccount();
  const may = useMay();
  const open = (useMatches().at(-1)?.params as { id?: string } | undefined)?.id;
  const { timeZone } = useTimeSettings();
  const counts = useQuery(requestCountsOptions(project)).data;
  const connectors = useQuery({ ...allConnectorsOptions(project), enabled: may("projects.read") }).data;
  const [isExporting, setExporting] = useState(false);
  const module = useLater(overlays, isExporting);
  const name = useShownProject()?.name ?? "";

  const { approve, reject, ...filters } = search;
  const key = JSON.stringify([filters, timeZone]);
  // An age counts back from when it was chosen: the list must not change by itself.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the filters
  const query = useMemo(() => toQuery(filters, timeZone, Date.now()), [key]);

  const change = (next: Filters, replace = false) =>
    void navigate({
      to: ADDRESS,
      params: { account: account.id, project },
      search: (now) => ({ ...now, ...next, approve: undefined, reject: undefined }),
      replace,
    });
  const clear = () =>
    change({ q: undefined, connector: undefined, provider: undefined, age: undefined, from: undefined, to: undefined });

  const tab = (value: Filters["tab"]) =>
    ({ to: ADDRESS, params: { account: account.id, project }, search: { tab: value } }) as const;

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          <Button icon="download" onClick={() => setExporting(true)}>
            {texts.export}
          </Button>
        }
        title={texts.title}
      />
      {counts && <HeldBackNotices account={account.id} heldBack={counts.held_back} project={project} />}
      <div className={styles.tabs}>
        <Tabs
          label={texts.tabs}
          tabs={[
            {
              key: "pending",
              label: texts.pending,
              isCurrent: filters.tab === undefined,
              link: tab(undefined),
              ...(counts && { count: formatCount(counts.pending) }),
            },
            {
              key: "approved",
              label: texts.approved,
              isCurrent: filters.tab === "approved",
              link: tab("approved"),
              ...(counts && { count: formatCount(counts.approved) }),
            },
          ]}
        />
        <Link
          {...tab("history")}
          activeOptions={{ exact: true, explicitUndefined: true }}
          aria-current={filters.tab === "history" ? "page" : undefined}
          className={styles.history}
        >
          {texts.history}
        </Link>
      </div>
      <FilterBar connectors={connectors} filters={filters} onChange={change} />
      <RequestsView
        connectors={connectors}
        filters={filters}
        form={{ approve, reject }}
        // Another list begins with rows of its own.
        key={JSON.stringify(query)}
        onClearFilters={clear}
        onClearSearch={() => change({ q: undefined }, true)}
        open={open}
        project={project}
        query={query}
      />
      {module && (
        <module.ExportRequests
          isOpen={isExporting}
          onClose={() => setExporting(false)}
          project={{ id: project, name }}
          query={query}
        />
      )}
    </Page>
  );
}
