import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Conversation, type ConversationFilter, conversationsOptions, type View } from "../../api/conversations";
import { polling } from "../../api/polling";
import { readMore } from "../../api/query";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { useArrivals } from "../../ui/use-arrivals";
import { arranged, type Rows } from "./rows";

/** Rows with which one page is enough. */
const FEW = 10;

/** The rows of a view. For a component that has the view and its filters as its key. */
export function useRows(project: string, view: View, filter: ConversationFilter) {
  const query = useInfiniteQuery({ ...conversationsOptions(project, view, filter), ...polling });
  const { data, error, hasNextPage, isFetching, isFetchingNextPage, fetchNextPage, refetch } = query;
  const [rows, setRows] = useState<Rows>();
  const shown = useRef<readonly Conversation[] | undefined>(undefined);
  const loaded = data?.pages.flatMap((page) => page.items);
  const latest = useRef(loaded);
  latest.current = loaded;
  const renews = useRef(false);

  const arrange = (before: readonly Conversation[] | undefined) => {
    if (!latest.current) return;
    const next = arranged(before, latest.current, !hasNextPage);
    shown.current = next.shown;
    setRows(next);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    arrange(renews.current ? undefined : shown.current);
    renews.current = false;
  }, [data]);

  // A page may be short or empty without being the last.
  const count = rows?.shown.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each state of the list
  useEffect(() => {
    if (count !== undefined && count < FEW && hasNextPage && !isFetching && !error) void fetchNextPage();
  }, [count, hasNextPage, isFetching, error]);

  useArrivals(rows?.waiting ?? 0, texts.newRows);

  return {
    rows,
    error: rows ? null : error,
    retry: () => void refetch(),
    isFetching,
    /** Nothing was found yet, and more is read. */
    isSearching: count === 0 && hasNextPage && !error,
    showMore: hasNextPage ? () => void readMore(query) : undefined,
    isShowingMore: isFetchingNextPage,
    /** Shows the list as it is now. */
    renew: () => arrange(undefined),
    /** Shows the list as the next answer has it: something was done here. */
    renewNext: () => {
      renews.current = true;
    },
  };
}
