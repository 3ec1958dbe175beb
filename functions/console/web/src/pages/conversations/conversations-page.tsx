import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useMatches } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { conversationCountsOptions } from "../../api/conversation-counts";
import { type ConversationFilter, VIEWS, type View } from "../../api/conversations";
import { useAccount } from "../../api/me";
import { formatCount } from "../../format";
import { isCommand, isTyping } from "../../keys";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { unread } from "../../texts/en/unread";
import { EmptyState, looks, PageHeading, PartProblem, Tabs } from "../../ui";
import { countPlaces, type PlaceFilter, PlaceFilters } from "../place-filters/place-filters";
import { ConversationList } from "./conversation-list";
import styles from "./conversations.module.css";
import { DetailsPanel } from "./details-panel";
import { usePlaces } from "./places";
import { Room } from "./room";
import { ThreadPanel } from "./thread-panel";
import { useReader } from "./use-reader";

const route = getRouteApi("/a/$account/p/$project/conversations");
const ADDRESS = "/a/$account/p/$project/conversations";

/** The conversations of a project: list, thread and details, one at a time on phones (U601). */
export function ConversationsPage() {
  const { account, project } = route.useParams();
  const { view = "mine", client, channel, team, details } = route.useSearch();
  const open = (useMatches().at(-1)?.params as { id?: string } | undefined)?.id;
  const reader = useReader();
  const { placeOf, label, readConnectors, readProviders } = usePlaces(project);
  const navigate = route.useNavigate();
  const renew = useRef<() => void>(() => {});
  const filter: ConversationFilter = {
    ...(client && { client_id: client }),
    ...(channel && { channel }),
    ...(team && { team_id: team }),
  };
  const places: PlaceFilter = { client, channel, team };
  // The thread that is open stays open.
  const here =
    open === undefined
      ? ({ to: ADDRESS, params: { account, project } } as const)
      : ({ to: `${ADDRESS}/$id`, params: { account, project, id: open } } as const);
  const change = (next: PlaceFilter) => void navigate({ ...here, search: (now) => ({ ...now, ...next }) });
  useEscape(open, () => void navigate({ search: (now) => ({ ...now, details: undefined }) }));
  const shown = open === undefined ? "list" : details ? "details" : "thread";

  return (
    <div className={styles.page} data-shown={shown}>
      <div className={styles.head}>
        <PageHeading
          actions={
            <Link
              className={looks({})}
              params={{ account, project }}
              search={places}
              to="/a/$account/p/$project/figures"
            >
              {texts.figures}
            </Link>
          }
          title={texts.title}
        />
        <Views filters={places} project={project} view={view} />
        <div className={styles.filters}>
          <PlaceFilters filters={places} label={texts.filters} onChange={change} />
        </div>
      </div>
      <div className={styles.columns}>
        <div className={styles.list}>
          <PartProblem read={readConnectors} title={unread.connectors} />
          <PartProblem read={readProviders} title={unread.platforms} />
          {view === "queue" && <Room channel={channel} label={label} />}
          <ConversationList
            filter={filter}
            isFiltered={countPlaces(places) > 0}
            // Another view begins with rows of its own.
            key={JSON.stringify([view, filter])}
            onClearFilters={() => change({ client: undefined, channel: undefined, team: undefined })}
            onRenew={(next) => {
              renew.current = next;
            }}
            onOpen={(id) =>
              void navigate({
                to: "/a/$account/p/$project/conversations/$id",
                params: { account, project, id },
                search: (now) => ({ ...now, details: undefined }),
              })
            }
            open={open}
            placeOf={placeOf}
            project={project}
            reader={reader}
            view={view}
          />
        </div>
        <section aria-label={texts.thread} className={styles.thread}>
          {open === undefined ? (
            <EmptyState title={texts.choose}>{texts.chooseText}</EmptyState>
          ) : (
            <ThreadPanel
              id={open}
              key={open}
              label={label}
              onChanged={() => renew.current()}
              placeOf={placeOf}
              project={project}
              reader={reader}
            />
          )}
        </section>
        {open !== undefined && (
          <aside aria-label={texts.detailsTitle} className={styles.details}>
            <DetailsPanel id={open} key={open} placeOf={placeOf} project={project} />
          </aside>
        )}
      </div>
    </div>
  );
}

/** Esc closes the thread, and gives the focus back to its row (U150). */
function useEscape(open: string | undefined, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (open === undefined) return;
    const press = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || isCommand(event) || isTyping(event.target)) return;
      event.preventDefault();
      latest.current();
      document.querySelector<HTMLElement>(`[data-row="${open}"]`)?.focus();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [open]);
}

/** The views, each with its count. */
function Views({ project, view, filters }: { project: string; view: View; filters: PlaceFilter }) {
  const account = useAccount().id;
  const counts = useQuery(conversationCountsOptions(project)).data;
  return (
    <Tabs
      label={texts.views}
      tabs={VIEWS.map((key) => {
        const count = counts?.[key];
        return {
          key,
          label: texts.view[key],
          isCurrent: key === view,
          link: {
            to: ADDRESS,
            params: { account, project },
            search: { view: key === "mine" ? undefined : key, ...filters },
          },
          ...(count && { count: formatCount(count) }),
        };
      })}
    />
  );
}
