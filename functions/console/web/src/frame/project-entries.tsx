import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { requestCountsOptions } from "../api/access-requests";
import { conversationCountsOptions } from "../api/conversation-counts";
import { type Permission, useAccount, useMay } from "../api/me";
import { polling } from "../api/polling";
import { formatCount } from "../format";
import { frame } from "../texts/en/frame";
import { classes } from "../ui/classes";
import { Icon, type IconName } from "../ui/icon";
import styles from "./frame.module.css";
import { useRequestNotices } from "./request-notices";
import { useShownProject } from "./use-project";

interface Entry {
  to: `/a/$account/p/$project/${string}`;
  label: string;
  icon: IconName;
  permission: Permission;
  /** On a phone, it stands in the menu “More”. */
  isFurther: boolean;
}

const ENTRIES = [
  {
    to: "/a/$account/p/$project/people",
    label: frame.people,
    icon: "person",
    permission: "chat_users.read",
    isFurther: true,
  },
  {
    to: "/a/$account/p/$project/connectors",
    label: frame.connectors,
    icon: "plug",
    permission: "projects.read",
    isFurther: false,
  },
  {
    to: "/a/$account/p/$project/settings",
    label: frame.projectSettings,
    icon: "folder",
    permission: "projects.read",
    isFurther: true,
  },
] as const satisfies readonly Entry[];

/** The pages of the project that is shown. */
export function ProjectEntries() {
  const account = useAccount().id;
  const may = useMay();
  const project = useShownProject();
  if (!project) return null;
  return (
    <>
      {may("access_requests.read") && <RequestsEntry project={project} />}
      {may("conversations.read") && <ConversationsEntry project={project.id} />}
      {ENTRIES.filter(({ permission }) => may(permission)).map(({ to, label, icon, isFurther }) => (
        <Link
          activeOptions={{ exact: false, includeSearch: false }}
          activeProps={{ className: styles.current, "aria-current": "page" }}
          className={classes(styles.entry, isFurther && styles.wideOnly)}
          data-tip={label}
          key={to}
          params={{ account, project: project.id }}
          to={to}
        >
          <Icon name={icon} />
          <span className={styles.entryName}>{label}</span>
        </Link>
      ))}
    </>
  );
}

/** The access requests, with the number of those that are pending. */
function RequestsEntry({ project }: { project: { id: string; name: string | undefined } }) {
  const account = useAccount();
  const isTold = useRequestNotices(project);
  const counts = useQuery({
    ...requestCountsOptions(project.id),
    ...polling,
    // Whoever asked to be told looks elsewhere meanwhile.
    refetchIntervalInBackground: isTold,
  }).data;
  const pending = counts?.pending;
  return (
    <Link
      activeOptions={{ exact: false, includeSearch: false }}
      activeProps={{ className: styles.current, "aria-current": "page" }}
      className={styles.entry}
      data-tip={frame.requests}
      params={{ account: account.id, project: project.id }}
      to="/a/$account/p/$project/requests"
    >
      <Icon name="users" />
      <span className={styles.entryName}>
        <span className={styles.longName}>{frame.requests}</span>
        <span className={styles.shortName}>{frame.requestsShort}</span>
      </span>
      {pending && pending.count > 0 && (
        <span className={styles.count}>
          {formatCount(pending)}
          <span className="visually-hidden"> {frame.pending}</span>
        </span>
      )}
    </Link>
  );
}

/** The conversations, with the number of those that the person has. */
function ConversationsEntry({ project }: { project: string }) {
  const account = useAccount();
  const mine = useQuery({ ...conversationCountsOptions(project), ...polling }).data?.mine;
  return (
    <Link
      activeOptions={{ exact: false, includeSearch: false }}
      activeProps={{ className: styles.current, "aria-current": "page" }}
      className={styles.entry}
      data-tip={frame.conversations}
      params={{ account: account.id, project }}
      to="/a/$account/p/$project/conversations"
    >
      <Icon name="chat" />
      <span className={styles.entryName}>{frame.conversations}</span>
      {mine && mine.count > 0 && (
        <span className={styles.count}>
          {formatCount(mine)}
          <span className="visually-hidden"> {frame.mine}</span>
        </span>
      )}
    </Link>
  );
}
