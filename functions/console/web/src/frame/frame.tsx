import { Link, useMatches } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { currentAccount } from "../api/client";
import { useMay, useMe } from "../api/me";
import { useInputTracking } from "../api/polling";
import { storage } from "../storage";
import { frame } from "../texts/en/frame";
import { classes } from "../ui/classes";
import { Icon } from "../ui/icon";
import { later, useLater } from "../ui/loading";
import styles from "./frame.module.css";
import { Logo } from "./logo";
import { useMedia } from "./media";
import { MoreMenu } from "./more-menu";
import { useNewProject } from "./new-project";
import { OfflineBar } from "./offline-bar";
import { PersonMenu } from "./person-menu";
import { ProjectEntries } from "./project-entries";
import { ProjectSwitcher } from "./project-switcher";
import { useProjectSections, useSections } from "./sections";
import { Shortcuts } from "./shortcuts";
import { useProjectInAddress } from "./use-project";

/** Sidebar, settings' sections, and the page. On phones, a bar at the bottom instead of the sidebar. */
export function Frame({ children }: { children: ReactNode }) {
  useInputTracking();
  const { accounts } = useMe();
  const account = accounts.find(({ id }) => id === currentAccount());
  const [isChosen, setChosen] = useState(() => storage.get("sidebar") === "narrow");
  const hasNoRoom = useMedia("(min-width: 768px) and (max-width: 1023px)");
  const isPhone = useMedia("(max-width: 767px)");
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
        {account && isPhone && <MoreMenu />}
        {account && !isPhone && (
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
      {account && <NewProject />}
    </div>
  );
}

const newProject = later(() => import("./new-project-dialog"));

function NewProject() {
  const { isOpen, open } = useNewProject();
  const isAllowed = useMay()("projects.write") && isOpen;
  const module = useLater(newProject, isAllowed);
  return module ? <module.NewProjectDialog isOpen={isAllowed} onClose={() => open(false)} /> : null;
}

/** The second column with the settings of the account or of a project; on phones, a list that opens above the page. */
function SettingsSections({ account }: { account: string }) {
  const ofAccount = useSections();
  const ofProject = useProjectSections();
  const project = useProjectInAddress();
  const here = useMatches().at(-1)?.pathname ?? "";
  const list = useRef<HTMLDetailsElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the list
  useEffect(() => {
    if (list.current) list.current.open = false;
  }, [here]);
  if (!here.includes("/settings")) return null;
  const title = project ? frame.project : frame.settings;
  const sections = project ? ofProject : ofAccount;
  const links = sections.map(({ to, label, icon }) => (
    <li key={to}>
      <Link
        activeOptions={{ includeSearch: false }}
        activeProps={{ className: styles.current, "aria-current": "page" }}
        className={styles.entry}
        params={{ account, project: project ?? "" }}
        to={to}
      >
        <Icon name={icon} />
        {label}
      </Link>
    </li>
  ));
  const current = sections.find(({ to }) => here.includes(to.slice(to.indexOf("/settings"))));
  return (
    <nav aria-label={project ? frame.projectSettings : frame.settingsNavigation} className={styles.sections}>
      <h2 className={styles.sectionsTitle}>{title}</h2>
      <ul className={styles.sectionsList}>{links}</ul>
      <details className={styles.sectionsMenu} ref={list}>
        <summary>
          <span>
            {title}
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
