import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { CodeMissing, reloadOnce } from "../code";
import { noteNavigation, startOfNavigation } from "../navigation";
import { frame } from "../texts/en/frame";
import { looks } from "../ui/button";
import { PageHeading } from "../ui/heading";
import { Page } from "../ui/layout";
import { ProblemView, Skeleton } from "../ui/states";
import styles from "./frame.module.css";

/** A page that says one thing. */
export function MessagePage({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Page isNarrow>
      <PageHeading title={title} />
      {children && <p>{children}</p>}
      {action && <div>{action}</div>}
    </Page>
  );
}

export function NotFoundPage() {
  return (
    <main className={styles.alone} id="content" tabIndex={-1}>
      <MessagePage
        action={
          <Link className={looks({})} to="/">
            {frame.toStart}
          </Link>
        }
        title={frame.notFoundTitle}
      >
        {frame.notFound}
      </MessagePage>
    </main>
  );
}

/** Stands for a page whose code or account is on its way. */
export function LoadingPage() {
  return (
    <Page>
      <div data-awaits="code">
        <Skeleton since={startOfNavigation()} />
      </div>
    </Page>
  );
}

/** Stands for a page that could not be read, or that failed. One whose code is gone after a deploy is loaded again. */
export function FailedPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const { reset: resetQueries } = useQueryErrorResetBoundary();
  const isCodeMissing = error instanceof CodeMissing;
  const [isReloading, setReloading] = useState(isCodeMissing);
  const page = useRef<HTMLDivElement>(null);
  useEffect(() => setReloading(isCodeMissing && reloadOnce()), [isCodeMissing]);
  if (isReloading) return <LoadingPage />;
  const retry = () => {
    if (isCodeMissing) return location.reload();
    // The page that comes takes the focus that goes with this one, and no other.
    noteNavigation(page.current?.contains(document.activeElement) ?? false);
    resetQueries();
    reset();
    void router.invalidate();
  };
  return (
    <Page isNarrow ref={page}>
      <PageHeading title={frame.failedTitle} />
      <ProblemView error={error} retry={retry} />
    </Page>
  );
}
