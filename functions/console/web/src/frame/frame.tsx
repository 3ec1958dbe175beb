import { Link, useMatches } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { currentAccount } from "../api/client";
import { useMe } from "../api/me";
import { useInputTracking } from "../api/polling";
import { storage } from "../storage";
import { frame } from "../texts/en/frame";
import { classes } from "../ui/classes";
import { Icon } from "../ui/icon";
import styles from "./frame.module.css";
import { Logo } from "./logo";
import { useMedia } from "./media";
import { OfflineBar } from "./offline-bar";
import { PersonMenu } from "./person-menu";
import { ProjectEntries } from "./project-entries";
import { ProjectSwitcher } from "./project-switcher";
import { useSections } from "./sections";
import { Shortcuts } from "./shortcuts";

/** Sidebar, settings' sections, and the page. On phones, a bar at the bottom instead of the sidebar. */
export function Frame({ children }: { children: ReactNode }) {
  useInputTracking();
  const { accounts } = useMe();
  const account = accounts.find(({ id }) => id === currentAccount());
  const [isChosen, setChosen] = useState(() => storage.get("sidebar") === "narrow");
  const hasNoRoom = useMedia("(min-width: 768px) and (max-width: 1023px)");
  const isNarrow = isChosen || hasNoRoom;
  const toggle = () => {
    storage.set("sidebar", isChosen ? null : "narrow");
    setChosen(!isChosen);
  };
  return (
    <div className={classes(styles.frame, isNarrow && styles.isNarrow)}>
      <nav aria-label={frame.navigation} className={styles.sidebar}>
        <div className={styles.brand}>
          <Logo />
          <bdi className={styles.brandName}>{account?.name ?? ""}</bdi>
          {!hasNoRoom && (
            <button
              aria-expanded={!isNarrow}
              aria-label={isNarrow ? frame.expand : frame.collapse}
              className={styles.toggle}
              onClick={toggle}
              title={isNarrow ? frame.expand : frame.collapse}
              type="button"
            >
              <Icon name="panel" />
            </button>
          )}
        </div>
        {account && (
          <>
            <div className={styles.project}>
              <ProjectSwitcher />
            </div>
            <ProjectEntries />
          </>
        )}
        <div className={styles.space} />
        {account && (
          <Link
            activeOptions={{ exact: false }}
            activeProps={{ className: styles.current }}
            className={styles.entry}
            data-tip={frame.settings}
            params={{ account: account.id }}
            to="/a/$account/settings"
          >
            <Icon name="settings" />
            <span className={styles.entryName}>{frame.settings}</span>
          </Link>
        )}
        <PersonMenu />
      </nav>
      {account && <SettingsSections account={account.id} />}
      <div className={styles.main}>
        <OfflineBar />
        <main className={styles.content} id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Shortcuts />
    </div>
  );
}

/** The second column; on phones, a list that opens above the page. */
function SettingsSections({ account }: { account: string }) {
  const sections = useSections();
  const here = useMatches().at(-1)?.pathname ?? "";
  const list = useRef<HTMLDetailsElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the list
  useEffect(() => {
    if (list.current) list.current.open = false;
  }, [here]);
  if (!here.includes("/settings")) return null;
  const links = sections.map(({ to, label, icon }) => (
    <li key={to}>
      <Link
        activeOptions={{ includeSearch: false }}
        activeProps={{ className: styles.current, "aria-current": "page" }}
        className={styles.entry}
        params={{ account }}
        to={to}
      >
        <Icon name={icon} />
        {label}
      </Link>
    </li>
  ));
  const current = sections.find(({ to }) => here.includes(to.slice(to.indexOf("/settings"))));
  return (
    <nav aria-label={frame.settingsNavigation} className={styles.sections}>
      <h2 className={styles.sectionsTitle}>{frame.settings}</h2>
      <ul className={styles.sectionsList}>{links}</ul>
      <details className={styles.sectionsMenu} ref={list}>
        <summary>
          <span>
            {frame.settings}
            {current && (
              <>
                {" "}
                <span className={styles.soft}>/</span> {current.label}
              </>
            )}
          </span>
          <Icon name="chevronDown" />
        </summary>
        <ul>{links}</ul>
      </details>
    </nav>
  );
}
