import { Link } from "@tanstack/react-router";
import type { EndUser } from "../../api/end-users";
import { useAccount, useMay } from "../../api/me";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { endUsers as texts } from "../../texts/en/end-users";
import {
  Avatar,
  Badge,
  type Column,
  DataTable,
  EnvironmentBadge,
  Icon,
  IconButton,
  looks,
  Marked,
  Row,
  rangesIn,
  Time,
  useChangeLink,
} from "../../ui";
import { classes } from "../../ui/classes";
import { nameOf, rangesInName } from "./names";
import styles from "./users.module.css";

interface Props {
  rows: readonly EndUser[];
  isBusy: boolean;
  showMore: (() => void) | undefined;
  isShowingMore: boolean;
  /** Asks before a user is deleted; undefined where that is not allowed. */
  onDelete: ((user: EndUser) => void) | undefined;
}

/** The users as a table, on phones as cards (U404). */
export function UsersTable({ rows, onDelete, ...rest }: Props) {
  const columns: Column<EndUser>[] = [
    { key: "user", title: texts.user, isHeader: true, width: "36%", cell: (user) => <UserCell user={user} /> },
    { key: "phone", title: texts.phone, cell: (user) => <PhoneCell user={user} /> },
    { key: "environments", title: texts.environments, cell: (user) => <EnvironmentsCell user={user} /> },
    { key: "created", title: texts.created, cell: ({ created_at }) => <CreatedCell at={created_at} /> },
  ];
  if (onDelete) {
    columns.push({
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (user) => <UserActions onDelete={() => onDelete(user)} user={user} />,
    });
  }
  return <DataTable caption={texts.caption} columns={columns} rowKey={({ id }) => id} rows={rows} {...rest} />;
}

function UserCell({ user }: { user: EndUser }) {
  const account = useAccount().id;
  const project = useProjectId();
  const name = nameOf(user);
  return (
    <div className={styles.person}>
      <Avatar name={user.full_name || "?"} />
      <div className={styles.names}>
        <span className={styles.nameLine}>
          <Link
            className={classes(styles.name, "target")}
            data-row={user.id}
            params={{ account, project, id: user.id }}
            to="/a/$account/p/$project/settings/users/$id"
          >
            <Marked ranges={user.full_name ? rangesInName(user) : []} text={name} />
          </Link>
          <Badge>{texts.sources[user.source]}</Badge>
        </span>
        {user.email ? (
          <span className={styles.email} title={user.email}>
            <Marked ranges={rangesIn(user, "email")} text={user.email} />
          </span>
        ) : (
          <span className={styles.soft}>{texts.noEmail}</span>
        )}
      </div>
    </div>
  );
}

function PhoneCell({ user }: { user: EndUser }) {
  if (!user.phone_display) return <span className={styles.soft}>{texts.noPhone}</span>;
  return (
    <span className={styles.phone}>
      <Marked ranges={rangesIn(user, "phone")} text={user.phone_display} />
    </span>
  );
}

function CreatedCell({ at }: { at: string }) {
  return (
    <span className={styles.whole}>
      <Time as="date" at={at} />
    </span>
  );
}

function EnvironmentsCell({ user }: { user: EndUser }) {
  if (user.environments.length === 0) return <span className={styles.soft}>{texts.noEnvironments}</span>;
  return (
    <Row>
      {user.environments.map(({ id, name }) => (
        <EnvironmentBadge key={id} name={name} />
      ))}
    </Row>
  );
}

function UserActions({ user, onDelete }: { user: EndUser; onDelete: () => void }) {
  const account = useAccount().id;
  const project = useProjectId();
  const mayWrite = useMay()("end_users.write");
  const change = useChangeLink();
  const name = nameOf(user);
  if (!mayWrite) return null;
  return (
    <div className={styles.actions}>
      <Link
        aria-label={texts.editOf(name)}
        className={looks({ kind: "quiet", square: true })}
        params={{ account, project, id: user.id }}
        title={texts.editOf(name)}
        to="/a/$account/p/$project/settings/users/$id"
        {...change}
      >
        <Icon name="edit" />
      </Link>
      <IconButton changes icon="trash" kind="danger" label={texts.deleteOf(name)} onClick={onDelete} />
    </div>
  );
}
