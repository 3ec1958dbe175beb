import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { AccessRequest, RequestQuery } from "../../api/access-requests";
import type { Connector } from "../../api/connectors";
import { useAccount, useMay } from "../../api/me";
import { formatNumber } from "../../format";
import { requests as texts } from "../../texts/en/requests";
import { announce, Button, copyText, NoMatches, Notice, ProblemView, Row, Skeleton, toasts } from "../../ui";
import { useLater } from "../../ui/loading";
import type { BulkOutcome } from "./bulk";
import { BulkBar } from "./bulk-bar";
import type { Verdict } from "./decision-form";
import { NoRequests } from "./empty";
import { countFilters, type Filters, statusOf } from "./filter";
import { focusRow } from "./focus";
import { overlays } from "./overlays-later";
import { type FormOf, type RequestContext, RequestList } from "./request-list";
import { useRequestRows } from "./use-request-rows";
import { useRowKeys } from "./use-row-keys";
import { useSelection } from "./use-selection";

const route = getRouteApi("/a/$account/p/$project/requests");
const LIST = "/a/$account/p/$project/requests";
const ONE = "/a/$account/p/$project/requests/$id";

interface Props {
  project: string;
  query: RequestQuery;
  filters: Filters;
  connectors: readonly Connector[] | undefined;
  /** Id of the request in the panel. */
  open: string | undefined;
  /** Ids of the request whose decision is being written. */
  form: { approve: string | undefined; reject: string | undefined };
  onClearFilters: () => void;
  onClearSearch: () => void;
}

type Search = ReturnType<typeof route.useSearch>;
type Asked = "revoke" | "block" | "explain";

/** One list of requests, with what can be done with them. */
export function RequestsView(props: Props) {
  const { project, query, filters, connectors, open, form, onClearFilters, onClearSearch } = props;
  const account = useAccount();
  const may = useMay();
  const navigate = route.useNavigate();
  const list = useRequestRows(project, query);
  const { shown } = list;
  const status = statusOf(filters);
  const pending = useMemo(() => (shown ?? []).filter((request) => request.status === "pending"), [shown]);
  const selection = useSelection(useMemo(() => pending.map(({ id }) => id), [pending]));
  const [asked, setAsked] = useState<{ what: Asked; request: AccessRequest }>();
  const [isAsking, setAsking] = useState<Asked>();
  const [bulk, setBulk] = useState<Verdict>("approve");
  const [isBulkOpen, setBulkOpen] = useState(false);
  const [left, setLeft] = useState<ReadonlyMap<string, string>>(new Map());
  const mayDecide = may("access_requests.decide");
  const isWriting = (form.approve ?? form.reject) !== undefined;
  const module = useLater(overlays, isWriting || isBulkOpen || isAsking !== undefined || open !== undefined);
  // Keys typed while the form of a decision is on its way must decide nothing else.
  const mayPress = mayDecide && !(isWriting && !module);
  const isFiltered = countFilters(filters) > 0 || filters.q !== undefined;
  useFound(isFiltered && !list.isFetching ? shown?.length : undefined, list.showMore !== undefined);

  const here = { account: account.id, project };
  const show = (id: string | undefined) =>
    id === undefined
      ? navigate({
          to: LIST,
          params: here,
          search: (now) => ({ ...now, approve: undefined, reject: undefined }),
          resetScroll: false,
        })
      : navigate({ to: ONE, params: { ...here, id }, search: (now) => now, resetScroll: false });
  const decide = (verb: Verdict | undefined, id: string) => {
    setLeft(new Map());
    const how = {
      search: (now: Search) => ({ ...now, approve: undefined, reject: undefined, ...(verb && { [verb]: id }) }),
      replace: verb === undefined,
      resetScroll: false,
    };
    if (open === undefined) void navigate({ to: LIST, params: here, ...how });
    else void navigate({ to: ONE, params: { ...here, id: open }, ...how });
    if (verb === undefined && open === undefined) focusRow(id);
  };
  const ask = (what: Asked) => (request: AccessRequest) => {
    setAsked({ what, request });
    setAsking(what);
  };
  const addressOf = ({ id }: AccessRequest) => `/console/a/${account.id}/p/${project}/requests/${id}`;

  const onDecided = (request: AccessRequest, verb: Verdict) => {
    const name = request.user_name;
    const view = (
      <Link params={{ ...here, id: request.id }} search={{ tab: verb === "approve" ? "approved" : "history" }} to={ONE}>
        {texts.view}
      </Link>
    );
    if (verb === "approve") toasts.done(texts.isIn(name), view, "decisions");
    else toasts.done(texts.rejectedSay(name), view, "decisions");
    announce(verb === "approve" ? texts.approvedSay(name) : texts.rejectedSay(name));
    list.decided(verb, [request.id], request.id);
    void show(undefined);
  };
  const onLost = (id: string, why: string) => {
    void show(undefined);
    list.leave(id, why);
    focusRow(id);
  };
  const onBulkDone = (verb: Verdict, outcome: BulkOutcome, asked: number) => {
    // Decisions that were not made stay in sight until they are closed.
    if (outcome.done.length === asked) toasts.done(outcome.summary, undefined, "decisions");
    else toasts.failed(outcome.summary);
    announce(outcome.summary);
    setLeft(outcome.left);
    selection.keep(outcome.left.keys());
    list.decided(verb, [...outcome.done, ...outcome.gone], outcome.done[0]);
    for (const [id, why] of outcome.decided) list.leave(id, why);
  };
  const beginBulk = (verb: Verdict) => {
    setLeft(new Map());
    setBulk(verb);
    setBulkOpen(true);
  };
  const begin = (verb: Verdict) => (id: string | undefined) => {
    if (selection.selected.length > 0) beginBulk(verb);
    else if (id !== undefined && pending.some((request) => request.id === id) && !list.rows.leaving.has(id)) {
      decide(verb, id);
    }
  };
  const select = (id: string, isRange: boolean) => {
    if (!pending.some((request) => request.id === id)) return;
    if (isRange) selection.extend(id);
    else selection.toggle(id);
  };
  useRowKeys({
    ids: useMemo(() => (shown ?? []).map(({ id }) => id), [shown]),
    onOpen: (id) => void show(id),
    onApprove: mayPress ? begin("approve") : undefined,
    onReject: mayPress ? begin("reject") : undefined,
    onSelect: mayPress ? select : undefined,
    onShowNew: () => list.waiting > 0 && list.showWaiting(),
    onEscape: () => {
      if (selection.selected.length > 0) selection.clear();
      else if (filters.q) onClearSearch();
      else return false;
      return true;
    },
  });

  const formOf: FormOf = (id) => (form.approve === id ? "approve" : form.reject === id ? "reject" : undefined);
  const context = useContextOf({
    account: account.id,
    project,
    connectors,
    mayDecide,
    select,
    decide,
    onDecided,
    onLost,
    revoke: ask("revoke"),
    block: ask("block"),
    explain: ask("explain"),
    copyLink: (request) => void copyText(new URL(addressOf(request), location.origin).href),
  });
  const person = asked && { chatUser: asked.request.chat_user_id, name: asked.request.user_name };

  return (
    <>
      {list.waiting > 0 && (
        <Notice>
          <Row align="between">
            <p>{texts.newRows(list.waiting)}</p>
            <Button onClick={list.showWaiting} small>
              {texts.show}
            </Button>
          </Row>
        </Notice>
      )}
      {list.error ? (
        <ProblemView error={list.error} retry={list.retry} />
      ) : !shown || list.isSearching ? (
        <Skeleton height={88} />
      ) : shown.length > 0 ? (
        <RequestList
          context={context}
          formOf={formOf}
          inPanel={open}
          left={left}
          list={list}
          selection={selection}
          shown={shown}
        />
      ) : isFiltered ? (
        <NoMatches onClear={onClearFilters} />
      ) : (
        <NoRequests account={account.id} connectors={connectors} project={project} status={status} />
      )}
      {mayDecide && (
        <BulkBar
          count={formatNumber(selection.selected.length)}
          isShown={selection.selected.length > 0}
          onBegin={beginBulk}
          onClear={selection.clear}
        />
      )}
      {module && (
        <>
          <module.BulkDialog
            connectors={connectors}
            isOpen={isBulkOpen}
            onClose={() => setBulkOpen(false)}
            onDone={onBulkDone}
            project={project}
            requests={pending.filter(({ id }) => selection.has(id))}
            verb={bulk}
          />
          <module.DetailsPanel
            context={context}
            formOf={formOf}
            id={open}
            listed={shown}
            onClose={() => {
              void show(undefined);
              focusRow(open);
            }}
          />
          <module.RevokeDialog
            isOpen={isAsking === "revoke"}
            onClose={() => setAsking(undefined)}
            onRevoked={(request) => list.update(request, open === undefined)}
            project={project}
            request={asked?.request}
          />
          <module.BlockDialog
            isOpen={isAsking === "block"}
            onBlocked={(request) => list.update({ ...request, blocked: true })}
            onClose={() => setAsking(undefined)}
            project={project}
            request={asked?.request}
          />
          <module.ExplainDialog
            connector={asked?.request.connector.id ?? ""}
            isOpen={isAsking === "explain"}
            onClose={() => setAsking(undefined)}
            person={person}
            project={project}
          />
        </>
      )}
    </>
  );
}

/** Values that rows share, the same object as long as they show the same: its actions find what they need when they are called. */
function useContextOf(now: RequestContext): RequestContext {
  const latest = useRef(now);
  latest.current = now;
  const { account, project, connectors, mayDecide } = now;
  return useMemo(
    () => ({
      account,
      project,
      connectors,
      mayDecide,
      select: (...given) => latest.current.select(...given),
      decide: (...given) => latest.current.decide(...given),
      onDecided: (...given) => latest.current.onDecided(...given),
      onLost: (...given) => latest.current.onLost(...given),
      revoke: (...given) => latest.current.revoke(...given),
      block: (...given) => latest.current.block(...given),
      explain: (...given) => latest.current.explain(...given),
      copyLink: (...given) => latest.current.copyLink(...given),
    }),
    [account, project, connectors, mayDecide],
  );
}

/** Says how many requests a search found. */
function useFound(count: number | undefined, hasMore: boolean): void {
  useEffect(() => {
    if (count !== undefined) announce(texts.found(formatNumber(count), hasMore));
  }, [count, hasMore]);
}
