import { useQuery } from "@tanstack/react-query";
import { Outlet, useMatches } from "@tanstack/react-router";
import { useEffect } from "react";
import { requestCountsOptions } from "../api/access-requests";
import { useMaybeMe } from "../api/me";
import { projectsOptions } from "../api/projects";
import { formatCount } from "../format";
import { common } from "../texts/en/common";
import { frame } from "../texts/en/frame";
import { LiveRegions } from "../ui/live";
import { later, useLater } from "../ui/loading";
import { Toasts } from "../ui/toast";
import styles from "./frame.module.css";
import { SessionEnded } from "./session-ended";
import { usePageTitle } from "./title";
import { useProjectInAddress } from "./use-project";

const idleParts = later(() => import("./idle-parts"));

/** Parts of every page: the way past the navigation, live regions, toasts, and the dialog of an ended session. */
export function Root() {
  useDocumentTitle();
  const parts = useLater(idleParts, false);
  return (
    <>
      {parts && <parts.IdleParts />}
      {/* biome-ignore lint/a11y/useValidAnchor: a link within the page, whose fragment must not replace that of the address */}
      <a className={styles.skip} href="#content" onClick={skip}>
        {frame.skip}
      </a>
      <Outlet />
      <Toasts />
      <LiveRegions />
      <SessionEnded />
    </>
  );
}

/** Moves the focus, without the fragment that a link would leave in the address. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** “Users · Acme · Vestibule”; in a project, “(3) Access Requests · Help desk · Vestibule” while 3 are pending there. */
function useDocumentTitle(): void {
  const own = usePageTitle();
  const me = useMaybeMe();
  const matches = useMatches();
  const title = own ?? matches.at(-1)?.staticData.title;
  const id = matches.map(({ params }) => (params as { account?: string }).account).find(Boolean);
  const account = me?.accounts.find((known) => known.id === id)?.name;
  const project = useProjectInAddress();
  const projects = useQuery({ ...projectsOptions, enabled: false }).data;
  const counts = useQuery({ ...requestCountsOptions(project ?? ""), enabled: false }).data;
  const pending = project && counts && counts.pending.count > 0 ? `(${formatCount(counts.pending)}) ` : "";
  const place = projects?.find((known) => known.id === project)?.name ?? account;
  useEffect(() => {
    document.title = pending + [title, place, common.product].filter(Boolean).join(" · ");
  }, [pending, title, place]);
}
