import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryClient,
  queryOptions,
  useInfiniteQuery,
} from "@tanstack/react-query";
import { errorText } from "../ui/states";
import { toasts } from "../ui/toast";
import { type Tagged, unwrap, unwrapTagged } from "./problems";

export const PAGE = 50;

export const queryClient = new QueryClient({
  defaultOptions: {
    // The client repeats what can be repeated silently; the rest is for the person to decide.
    queries: { retry: false, staleTime: 10_000, refetchOnWindowFocus: true, networkMode: "always" },
    mutations: { retry: false, networkMode: "always" },
  },
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

/** Options of a query whose answer is one record or a list without pages. */
export function readOptions<Data>(key: readonly unknown[], read: (signal: AbortSignal) => Promise<Answer<Data>>) {
  return queryOptions({ queryKey: key, queryFn: async ({ signal }) => unwrap(await read(signal)) });
}

/** Options of a query whose answer is a record that can be edited: its value with its `ETag`. */
export function recordOptions<Data>(key: readonly unknown[], read: (signal: AbortSignal) => Promise<Answer<Data>>) {
  return queryOptions<Tagged<Data>>({
    queryKey: key,
    queryFn: async ({ signal }) => unwrapTagged(await read(signal)),
  });
}

/** Options of a query whose answer has pages. The reader passes `limit: PAGE` and the cursor on. */
export function listOptions<Item>(
  key: readonly unknown[],
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Answer<Page<Item>>>,
) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: async ({ pageParam, signal }) => unwrap(await read(pageParam, signal)),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<Item>) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

interface Pages {
  fetchNextPage: () => Promise<{ isFetchNextPageError: boolean; error: unknown }>;
}

/** Reads the next page of a list. What went wrong is told aside: the rows that are there stay. */
export async function readMore(query: Pages): Promise<void> {
  const { isFetchNextPageError, error } = await query.fetchNextPage();
  if (isFetchNextPageError) toasts.failed(errorText(error));
}

/** A list as far as it was read. `showMore` is undefined on the last page. */
export function useList<Item>(options: ReturnType<typeof listOptions<Item>>) {
  const query = useInfiniteQuery(options);
  return {
    items: query.data?.pages.flatMap((page) => page.items),
    error: query.error,
    retry: () => void query.refetch(),
    isFetching: query.isFetching,
    showMore: query.hasNextPage ? () => void readMore(query) : undefined,
    isShowingMore: query.isFetchingNextPage,
  };
}

/** Reads all pages of a list, for choices that need every record. */
export async function readAll<Item>(
  read: (cursor: string | undefined) => Promise<Answer<Page<Item>>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = unwrap(await read(cursor));
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}
