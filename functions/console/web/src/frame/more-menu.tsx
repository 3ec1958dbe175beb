import { useAccount, useMay } from "../api/me";
import { frame } from "../texts/en/frame";
import { Icon } from "../ui/icon";
import { MenuButton, type MenuEntry } from "../ui/menu";
import styles from "./frame.module.css";
import { useShownProject } from "./use-project";

/** Entries for which the bar of a phone has no room (U161). */
export function MoreMenu() {
  const account = useAccount().id;
  const project = useShownProject()?.id;
  const may = useMay();
  const ofProject = `/console/a/${account}/p/${project}`;
  const entries: MenuEntry[] = [];
  if (project && may("chat_users.read")) {
    entries.push({ id: "people", label: frame.people, icon: "person", href: `${ofProject}/people` });
  }
  if (project && may("projects.read")) {
    entries.push({ id: "project", label: frame.projectSettings, icon: "folder", href: `${ofProject}/settings` });
  }
  entries.push({ id: "settings", label: frame.settings, icon: "settings", href: `/console/a/${account}/settings` });
  return (
    <MenuButton className={styles.entry} label={frame.more} placement="top end" sections={[{ entries }]}>
      <Icon name="more" />
      <span className={styles.entryName}>{frame.more}</span>
    </MenuButton>
  );
}
