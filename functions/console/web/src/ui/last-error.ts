import { useRef } from "react";

/** A read that a part of a page depends on, as far as the part knows it. */
export interface Read {
  data: unknown;
  error: unknown;
  /** Time of the last error, 0 before the first: a query keeps it while it tries again. */
  errorUpdatedAt: number;
  refetch: () => unknown;
}

export interface Failure {
  error: unknown;
  at: number;
}

/** The failure of a read that has no data. A query forgets its error while it tries again, so the one before stays, unless it was another query's. */
export function failureOf({ data, error, errorUpdatedAt: at }: Read, before: Failure | undefined): Failure | undefined {
  if (data !== undefined) return undefined;
  if (error) return { error, at };
  return before?.at === at ? before : undefined;
}

/** The error of a read until it has data, also while it is tried again. */
export function useLastError(read: Read): unknown {
  const last = useRef<Failure>(undefined);
  last.current = failureOf(read, last.current);
  return last.current?.error;
}

/** Whether a read has neither an answer nor a failure to show, so that a skeleton stands for it. */
export function useIsFirstRead(read: Read & { isLoading: boolean }): boolean {
  const error = useLastError(read);
  return read.isLoading && !error;
}
