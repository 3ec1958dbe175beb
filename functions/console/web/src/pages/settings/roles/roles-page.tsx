import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAccount, useMay } from "../../../api/me";
import { allMembersOptions, type Member } from "../../../api/members";
import { permissionsOptions, type Role, rolesOptions } from "../../../api/roles";
import { formatNumber } from "../../../format";
import { common } from "../../../texts/en/common";
import { roleTexts as texts } from "../../../texts/en/roles";
import { unread } from "../../../texts/en/unread";
import {
  Badge,
  Button,
  type Column,
  DataTable,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Section,
  Skeleton,
  useIsFirstRead,
} from "../../../ui";
import { mayGive, useStanding } from "../permissions/standing";
import { aboutRole } from "../users/fields";
import { DeleteRole } from "./delete-role";
import { Matrix } from "./matrix";
import { RoleDialog } from "./role-dialog";
import styles from "./roles.module.css";

const route = getRouteApi("/a/$account/settings/roles");

/** The roles of the account, and what each may do (U510). */
export function RolesPage() {
  const { open, create } = route.useSearch();
  const navigate = route.useNavigate();
  const mayManage = useMay()("roles.manage");
  const roles = useQuery(rolesOptions);
  const permissions = useQuery(permissionsOptions);
  const catalogue = permissions.data?.items;
  const isFirstRead = useIsFirstRead(permissions);
  const members = useQuery(allMembersOptions);
  const [deleted, setDeleted] = useState<Role>();
  const [isDeleting, setDeleting] = useState(false);
  const items = roles.data?.items;

  const show = (search: { open?: string; create?: true }) =>
    void navigate({ search: { open: search.open, create: search.create } });
  const holders = (key: string): Member[] | undefined => members.data?.filter(({ role }) => role?.key === key);

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          mayManage && (
            <Button changes icon="plus" kind="primary" onClick={() => show({ create: true })}>
              {texts.add}
            </Button>
          )
        }
        title={texts.title}
      />
      {roles.error && !items ? (
        <ProblemView error={roles.error} retry={() => void roles.refetch()} />
      ) : !items || !permissions.isFetched ? (
        <Skeleton />
      ) : (
        <>
          <PartProblem read={members} title={unread.members} />
          <RolesTable
            all={catalogue?.length}
            holders={holders}
            isBusy={roles.isFetching}
            onDelete={(role) => {
              setDeleted(role);
              setDeleting(true);
            }}
            onOpen={(role) => show({ open: role.key })}
            roles={items}
          />
          <Section title={texts.matrix}>
            <PartProblem read={permissions} title={unread.permissions} />
            {isFirstRead && <Skeleton />}
            {catalogue && <Matrix catalogue={catalogue} roles={items} />}
          </Section>
        </>
      )}
      <RoleDialog
        catalogue={catalogue ?? []}
        holders={open ? (holders(open)?.length ?? 0) : 0}
        isOpen={
          items !== undefined &&
          catalogue !== undefined &&
          (Boolean(create && mayManage) || items.some(({ key }) => key === open))
        }
        onClose={() => show({})}
        role={create ? undefined : items?.find(({ key }) => key === open)}
      />
      <DeleteRole
        holders={(deleted && holders(deleted.key)) ?? []}
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
        role={deleted}
      />
    </Page>
  );
}

interface TableProps {
  roles: readonly Role[];
  /** Number of all permissions, once it is known. */
  all: number | undefined;
  holders: (key: string) => Member[] | undefined;
  isBusy: boolean;
  onOpen: (role: Role) => void;
  onDelete: (role: Role) => void;
}

function RolesTable({ roles, all, holders, isBusy, onOpen, onDelete }: TableProps) {
  const mayManage = useMay()("roles.manage");
  const standing = useStanding();
  const columns: Column<Role>[] = [
    { key: "role", title: texts.role, isHeader: true, width: "50%", cell: (role) => <NameCell role={role} /> },
    {
      key: "members",
      title: texts.members,
      cell: (role) => <HoldersCell count={holders(role.key)?.length} role={role} />,
    },
    {
      key: "permissions",
      title: texts.permissions,
      cell: ({ permissions: { length } }) => (all === undefined ? formatNumber(length) : texts.ofAll(length, all)),
    },
    {
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (role) => {
        const isFixed = role.built_in || !mayManage;
        return (
          <div className={styles.actions}>
            <Button
              aria-label={isFixed ? texts.viewOf(role.name) : texts.editOf(role.name)}
              blocked={all === undefined ? unread.permissions : undefined}
              changes={!isFixed}
              onClick={() => onOpen(role)}
              small
            >
              {isFixed ? texts.view : texts.edit}
            </Button>
            {!isFixed && (
              <Button
                aria-label={texts.deleteOf(role.name)}
                blocked={mayGive(standing, role) ? undefined : texts.moreThanYou}
                changes
                kind="quiet"
                onClick={() => onDelete(role)}
                small
              >
                {texts.delete}
              </Button>
            )}
          </div>
        );
      },
    },
  ];
  return <DataTable caption={texts.caption} columns={columns} isBusy={isBusy} rowKey={({ key }) => key} rows={roles} />;
}

function NameCell({ role }: { role: Role }) {
  return (
    <div>
      <span className={styles.nameLine}>
        <bdi>{role.name}</bdi>
        {role.built_in && <Badge>{texts.builtIn}</Badge>}
      </span>
      <p className={styles.soft} dir="auto">
        {aboutRole(role)}
      </p>
    </div>
  );
}

function HoldersCell({ role, count }: { role: Role; count: number | undefined }) {
  const account = useAccount();
  if (count === undefined) return null;
  if (count === 0) return <span className={styles.none}>{texts.noMembers}</span>;
  return (
    <Link
      aria-label={texts.membersOf(count, role.name)}
      params={{ account: account.id }}
      search={{ role: role.key }}
      to="/a/$account/settings/users"
    >
      {texts.memberCount(count)}
    </Link>
  );
}
