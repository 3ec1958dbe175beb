import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useRef } from "react";
import {
  type AccessRequest,
  forgetOtherLists,
  type RequestQuery,
  readCountsAgain,
  readRequest,
  requestCountsOptions,
  requestsOptions,
} from "../../api/access-requests";
import { polling } from "../../api/polling";
import { isProblem } from "../../api/problems";
import { queryClient, readMore } from "../../api/query";
import { requests as texts } from "../../texts/en/requests";
import { announce } from "../../ui";
import { useArrivals } from "../../ui/use-arrivals";
import { expectedAfter, hasChanged, type Known, knownOf } from "./expected";
import { focusRow, rowOf } from "./focus";
import { shortTime } from "./hint";
import { change, missingRows, NO_ROWS, shownRows, successor } from "./rows";

/** Milliseconds for which a row that somebody else decided says so. */
const LEAVING = 10_000;
/** Rows below which the next page is read by itself. */
const FEW = 15;
/** Rows of which it is asked, one by one, what became of them. */
const ASKED_MAX = 20;

/** The rows of one list of requests, kept in their places while it is read again. */
export function useRequestRows(project: string, query: RequestQuery) {
  const options = requestsOptions(project, query);
  const list = useInfiniteQuery(options);
  const { data, error, hasNextPage, isFetching, isFetchingNextPage } = list;
  const [rows, dispatch] = useReducer(change, NO_ROWS);
  const latest = useRef(rows);
  latest.current = rows;
  const takes = useRef(true);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  const nextFocus = useRef<{ id: string | undefined } | undefined>(undefined);
  const loaded = useMemo(() => data?.pages.flatMap(({ items }) => items), [data]);

  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running) clearTimeout(timer);
    };
  }, []);

  const showMore = () => {
    takes.current = true;
    void readMore(list);
  };

  /** Takes rows away, and moves the focus on if one of them has it. */
  const drop = (ids: readonly string[], from?: string) => {
    const gone = new Set(ids);
    const focused = from ?? rowOf(document.activeElement);
    if (focused && gone.has(focused)) {
      nextFocus.current = { id: successor(latest.current.ids ?? [], gone, focused) };
    }
    dispatch({ kind: "remove", ids });
    void queryClient.cancelQueries({ queryKey: options.queryKey });
    queryClient.setQueryData(
      options.queryKey,
      (before) =>
        before && {
          ...before,
          pages: before.pages.map((page) => ({ ...page, items: page.items.filter(({ id }) => !gone.has(id)) })),
        },
    );
    forgetOtherLists(project);
  };

  /** Says in its row why a request goes, and takes it away a little later. */
  const leave = (id: string, why: string) => {
    dispatch({ kind: "leave", id, why });
    announce(why);
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      drop([id]);
    }, LEAVING);
    timers.current.add(timer);
  };

  const status = query.status ?? "all";
  const askAfter = async (id: string) => {
    try {
      const request = await readRequest(project, id);
      if (status === "all" || request.status === status) dispatch({ kind: "record", request });
      else leave(id, whyGone(request));
    } catch (failure) {
      if (isProblem(failure, "not-found")) leave(id, texts.gone);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (!loaded) return;
    const isFirst = latest.current.ids === undefined;
    dispatch({ kind: "read", loaded, takes: takes.current });
    takes.current = false;
    if (isFirst) return;
    for (const id of missingRows(latest.current, loaded).slice(0, ASKED_MAX)) void askAfter(id);
  }, [loaded]);

  const shown = useMemo(() => shownRows(rows), [rows]);
  const count = shown?.length;

  // A page may be short or empty without being the last, and whoever decides row by row never runs out of them.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `showMore` only reads refs
  useEffect(() => {
    if (count !== undefined && count < FEW && hasNextPage && !isFetching && !error) showMore();
  }, [count, hasNextPage, isFetching, error]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the rows
  useEffect(() => {
    const next = nextFocus.current;
    if (!next) return;
    nextFocus.current = undefined;
    focusRow(next.id);
  }, [rows.ids, rows.records]);

  const counts = useQuery({ ...requestCountsOptions(project), ...polling }).data;
  const known = useRef<Known | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (!counts) return;
    if (known.current && hasChanged(known.current, counts)) void list.refetch();
    known.current = knownOf(counts);
  }, [counts]);

  useArrivals(rows.waiting.length, texts.newRows);

  return {
    shown,
    rows,
    error: shown ? null : error,
    retry: () => void list.refetch(),
    isFetching,
    isSearching: count === 0 && (hasNextPage || isFetchingNextPage) && !error,
    showMore: hasNextPage ? showMore : undefined,
    isShowingMore: isFetchingNextPage,
    waiting: rows.waiting.length,
    showWaiting: () => {
      const [first] = latest.current.waiting;
      nextFocus.current = { id: first };
      dispatch({ kind: "show", atEnd: query.order === "oldest" });
    },
    leave,
    drop,
    /** Takes a request over in its place; with `focuses`, the focus goes to its row. */
    update: (request: AccessRequest, focuses = false) => {
      if (focuses) nextFocus.current = { id: request.id };
      dispatch({ kind: "record", request });
    },
    /** Notes what was decided here, takes the rows away, and reads the counts again. */
    decided: (verb: "approve" | "reject", ids: readonly string[], from?: string) => {
      if (known.current && counts) known.current = expectedAfter(known.current, verb, ids, counts);
      drop(ids, from);
      void readCountsAgain(project);
    },
  };
}

export type RequestRows = ReturnType<typeof useRequestRows>;

/** “Approved by Ana at 14:03” */
function whyGone({ status, processed_by, processed_at }: AccessRequest): string {
  const verdict = texts.statuses[status];
  if (!processed_by || !processed_at) return verdict;
  return texts.byAt(verdict, processed_by.name, shortTime(processed_at, Date.now()));
}
