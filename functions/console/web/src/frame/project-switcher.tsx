import { useRouterState } from "@tanstack/react-router";
import { useAccount } from "../api/me";
import { samePage } from "../preferred-project";
import { frame } from "../texts/en/frame";
import { Icon } from "../ui/icon";
import { MenuButton } from "../ui/menu";
import styles from "./frame.module.css";
import { useProjectInAddress, useProjects, useShownProject } from "./use-project";

/** Names the project that is shown; its menu keeps the page and changes the project. */
export function ProjectSwitcher() {
  const account = useAccount();
  const projects = useProjects();
  const shown = useShownProject();
  const named = useProjectInAddress();
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  if (!shown?.name) return null;
  const addressOf = (id: string) =>
    named ? `/console${samePage(pathname, id)}` : `/console/a/${account.id}/p/${id}/requests`;
  return (
    <MenuButton
      className={styles.switcher}
      label={frame.projectSwitcher(shown.name)}
      placement="bottom start"
      sections={[
        {
          title: frame.projects,
          entries: projects.map(({ id, name }) => ({
            id,
            label: name,
            isSelected: id === shown.id,
            href: addressOf(id),
          })),
        },
      ]}
    >
      <bdi className={styles.entryName}>{shown.name}</bdi>
      <Icon name="chevronDown" />
    </MenuButton>
  );
}
