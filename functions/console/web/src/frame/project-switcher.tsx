import { useRouterState } from "@tanstack/react-router";
import { useAccount, useMay } from "../api/me";
import { samePage } from "../preferred-project";
import { common } from "../texts/en/common";
import { frame } from "../texts/en/frame";
import { Icon } from "../ui/icon";
import { MenuButton, type MenuEntry } from "../ui/menu";
import styles from "./frame.module.css";
import { useNewProject } from "./new-project";
import {
  useArchivedProjects,
  useHasNoProject,
  useProjectInAddress,
  useProjects,
  useProjectsAgain,
  useShownProject,
} from "./use-project";

/** Projects from which on the menu has a search. */
const SEARCH_FROM = 8;

/** Names the project that is shown; its menu keeps the page and changes the project. */
export function ProjectSwitcher() {
  const account = useAccount();
  const projects = useProjects();
  const archived = useArchivedProjects();
  const shown = useShownProject();
  const named = useProjectInAddress();
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  const mayCreate = useMay()("projects.write");
  const hasNone = useHasNoProject();
  const { open } = useNewProject();
  const again = useProjectsAgain();
  const name = shown?.name;
  if (!name && !again && !(hasNone && mayCreate)) return null;
  const nameless = again ? frame.projectsUnread : frame.noProjectShown;
  const addressOf = (id: string) =>
    named ? `/console${samePage(pathname, id)}` : `/console/a/${account.id}/p/${id}/requests`;
  const create: MenuEntry = {
    id: "new-project",
    label: frame.newProject,
    icon: "plus",
    changes: true,
    isFixed: true,
    onAction: () => open(true),
  };
  const sections = [
    { entries: again ? [{ id: "again", label: common.tryAgain, onAction: again }] : [] },
    {
      title: frame.projects,
      entries: projects.map(({ id, name: label }) => ({
        id,
        label,
        isSelected: id === shown?.id,
        href: addressOf(id),
      })),
    },
    {
      title: frame.archivedProjects,
      entries: archived.map(({ id, name: label }) => ({
        id,
        label,
        isSelected: id === shown?.id,
        href: `/console/a/${account.id}/p/${id}/settings/general`,
      })),
    },
    { entries: mayCreate ? [create] : [] },
  ];
  return (
    <MenuButton
      className={styles.switcher}
      label={name ? frame.projectSwitcher(name) : nameless}
      placement="bottom start"
      search={projects.length + archived.length < SEARCH_FROM ? undefined : frame.searchProjects}
      sections={sections.filter(({ entries }) => entries.length > 0)}
      tip={name ?? nameless}
    >
      <span aria-hidden="true" className={styles.initial}>
        {firstLetter(name)}
      </span>
      <bdi className={styles.entryName}>{name ?? nameless}</bdi>
      <Icon name="chevronDown" />
    </MenuButton>
  );
}

/** Stands for the project where there is no room for its name. */
function firstLetter(name: string | undefined): string {
  const [first] = new Intl.Segmenter().segment(name ?? "–");
  return first?.segment.toLocaleUpperCase() ?? "–";
}
