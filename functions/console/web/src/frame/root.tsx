import { Outlet, useMatches } from "@tanstack/react-router";
import { useEffect } from "react";
import { useMaybeMe } from "../api/me";
import { common } from "../texts/en/common";
import { frame } from "../texts/en/frame";
import { LiveRegions } from "../ui/live";
import { Toasts } from "../ui/toast";
import styles from "./frame.module.css";
import { SessionEnded } from "./session-ended";
import { usePageTitle } from "./title";

/** Parts of every page: the way past the navigation, live regions, toasts, and the dialog of an ended session. */
export function Root() {
  useDocumentTitle();
  return (
    <>
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

/** “Users · Acme · Vestibule” */
function useDocumentTitle(): void {
  const own = usePageTitle();
  const me = useMaybeMe();
  const matches = useMatches();
  const title = own ?? matches.at(-1)?.staticData.title;
  const id = matches.map(({ params }) => (params as { account?: string }).account).find(Boolean);
  const account = me?.accounts.find((known) => known.id === id)?.name;
  useEffect(() => {
    document.title = [title, account, common.product].filter(Boolean).join(" · ");
  }, [title, account]);
}
