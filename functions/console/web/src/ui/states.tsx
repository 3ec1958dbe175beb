import { type ReactNode, useEffect, useState } from "react";
import { ApiProblem, ServiceBusy, Unreachable } from "../api/problems";
import { CodeMissing } from "../code";
import { common } from "../texts/en/common";
import { Button } from "./button";
import { Copy } from "./copy";
import { Icon } from "./icon";
import { passFocus } from "./pass-focus";
import { skeletonDelay, skeletonShown } from "./skeleton-delay";
import styles from "./states.module.css";

interface SkeletonProps {
  rows?: number;
  height?: number;
  /** Time at which the waiting began, as `performance.now()` has it; without one, now. */
  since?: number;
}

/** A skeleton in the shape of rows, after 200 ms; before that, nothing. */
export function Skeleton({ rows = 5, height = 56, since }: SkeletonProps) {
  const [delay] = useState(() => skeletonDelay(performance.now(), since));
  const [isDue, setDue] = useState(delay <= 0);
  useEffect(() => {
    if (isDue) {
      const gone = skeletonShown();
      return () => gone(performance.now());
    }
    const timer = setTimeout(() => setDue(true), delay);
    return () => clearTimeout(timer);
  }, [isDue, delay]);
  return (
    <div aria-busy="true" className={styles.skeleton}>
      <span className="visually-hidden">{common.loading}</span>
      {isDue &&
        Array.from({ length: rows }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows without content
          <div className={styles.bone} key={row} style={{ height }}>
            <i style={{ width: `${18 + ((row * 7) % 12)}%` }} />
            <i style={{ width: `${30 + ((row * 11) % 20)}%` }} />
          </div>
        ))}
    </div>
  );
}

/** Stands for a list without entries: says what will appear here, and offers the one action that leads on. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  const Words = typeof children === "string" ? "p" : "div";
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children && <Words className={styles.soft}>{children}</Words>}
      {action}
    </div>
  );
}

/** A list that its filters left empty. */
export function NoMatches({ onClear, children }: { onClear: () => void; children?: ReactNode }) {
  return (
    <EmptyState action={<Button onClick={onClear}>{common.clearFilters}</Button>} title={common.noMatches}>
      {children}
    </EmptyState>
  );
}

interface ProblemProps {
  error: unknown;
  retry?: () => void;
  /** Shows that it is tried again; for errors that stay meanwhile. */
  isTrying?: boolean;
  /** Says what of the page is missing. */
  title?: string;
}

/** An error in the words of the API, with a way to try again. What a busy service did not answer is tried again by itself. */
export function ProblemView({ error, retry, isTrying = false, title }: ProblemProps) {
  const busy = error instanceof ServiceBusy && retry ? error : undefined;
  const left = useCountdown(busy, retry);
  const told = describeError(error);
  const heading = title ?? (busy ? undefined : told.title);
  const detail = busy ? common.busy(left) : title ? errorText(error) : told.detail;
  // The same elements for every error: where one follows another, the focus stays on the button.
  return (
    <div className={styles.problem} ref={passFocus} role={busy ? undefined : "alert"}>
      <Icon name={busy ? "info" : "alert"} />
      <div>
        {heading && <h2>{heading}</h2>}
        {detail && <p className={heading && styles.soft}>{detail}</p>}
        {(retry || told.requestId) && (
          <div aria-live="off" className={styles.problemEnd}>
            {retry && (
              <Button isBusy={isTrying} onClick={retry} small>
                {common.tryAgain}
              </Button>
            )}
            {told.requestId && (
              <span className={styles.soft}>
                {common.requestId} <Copy text={told.requestId} />
              </span>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

const FIRST_WAIT = 5;
const LONGEST_WAIT = 60;

/** Seconds to wait before the nth new attempt at a busy service: 5, 10, 20, 40, 60, 60 … */
export function busyWait(attempt: number): number {
  return Math.min(FIRST_WAIT * 2 ** attempt, LONGEST_WAIT);
}

/** Seconds until a busy service is tried again. The error tells how many attempts there were: a list without rows shows its skeleton in between. */
function useCountdown(busy: ServiceBusy | undefined, retry: (() => void) | undefined): number {
  const wait = busyWait(busy?.before ?? 0);
  const [left, setLeft] = useState(wait);
  // biome-ignore lint/correctness/useExhaustiveDependencies: one countdown for each answer
  useEffect(() => {
    if (!busy) return;
    const end = Date.now() + wait * 1000;
    setLeft(wait);
    const timer = setInterval(() => {
      const seconds = Math.ceil((end - Date.now()) / 1000);
      if (seconds > 0) return setLeft(seconds);
      clearInterval(timer);
      retry?.();
    }, 250);
    return () => clearInterval(timer);
  }, [busy]);
  return left;
}

/** A refusal in the words of a page, where those of the API speak to programmers. */
export class Explained extends Error {
  override readonly name = "Explained";
  readonly detail: string;

  constructor(title: string, detail = "") {
    super(title);
    this.detail = detail;
  }
}

/** An error in words. */
export function describeError(error: unknown): { title: string; detail: string; requestId?: string } {
  if (error instanceof ApiProblem) {
    return { title: error.body.title, detail: error.body.detail, requestId: error.body.request_id };
  }
  if (error instanceof Explained) return { title: error.message, detail: error.detail };
  if (error instanceof ServiceBusy) return { title: common.busyNow, detail: "" };
  if (error instanceof CodeMissing) return { title: common.codeMissing, detail: common.codeMissingDetail };
  if (error instanceof Unreachable) return { title: common.unreachable, detail: common.unreachableDetail };
  return { title: common.unexpected, detail: common.unexpectedDetail };
}

/** An error in one line, for toasts. */
export function errorText(error: unknown): string {
  const { title, detail } = describeError(error);
  return detail ? `${title}. ${detail}` : title;
}
