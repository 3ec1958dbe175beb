import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Conversation, type ConversationFilter, conversationsOptions, type View } from "../../api/conversations";
import { polled } from "../../api/polling";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { announce } from "../../ui";
import { arranged, type Rows } from "./rows";

/** The rows of a view. For a component that has the view and its filters as its key. */
export function useRows(project: string, view: View, filter: ConversationFilter) {
  const query = useInfiniteQuery({ ...conversationsOptions(project, view, filter), refetchInterval: polled });
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

  const waiting = rows?.waiting ?? 0;
  const said = useRef(0);
  useEffect(() => {
    if (waiting > said.current) announce(texts.newRows(waiting));
    said.current = waiting;
  }, [waiting]);

  return {
    rows,
    error: rows ? null : error,
    retry: () => void refetch(),
    isFetching,
    showMore: hasNextPage ? () => void fetchNextPage() : undefined,
    isShowingMore: isFetchingNextPage,
    /** Shows the list as it is now. */
    renew: () => arrange(undefined),
    /** Shows the list as the next answer has it: something was done here. */
    renewNext: () => {
      renews.current = true;
    },
  };
}
