import { Link } from "@tanstack/react-router";
import { type Permission, useAccount, useMay } from "../api/me";
import { frame } from "../texts/en/frame";
import { Icon, type IconName } from "../ui/icon";
import styles from "./frame.module.css";
import { useShownProject } from "./use-project";

interface Entry {
  to: `/a/$account/p/$project/${string}`;
  label: string;
  icon: IconName;
  permission: Permission;
}

const ENTRIES = [
  { to: "/a/$account/p/$project/people", label: frame.people, icon: "person", permission: "chat_users.read" },
  { to: "/a/$account/p/$project/connectors", label: frame.connectors, icon: "plug", permission: "projects.read" },
] as const satisfies readonly Entry[];

/** The pages of the project that is shown. */
export function ProjectEntries() {
  const account = useAccount().id;
  const may = useMay();
  const project = useShownProject()?.id;
  if (!project) return null;
  return ENTRIES.filter(({ permission }) => may(permission)).map(({ to, label, icon }) => (
    <Link
      activeOptions={{ exact: false, includeSearch: false }}
      activeProps={{ className: styles.current, "aria-current": "page" }}
      className={styles.entry}
      data-tip={label}
      key={to}
      params={{ account, project }}
      to={to}
    >
      <Icon name={icon} />
      <span className={styles.entryName}>{label}</span>
    </Link>
  ));
}
