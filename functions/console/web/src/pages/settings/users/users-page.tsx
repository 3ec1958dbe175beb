import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { accountOptions } from "../../../api/account";
import { allClientsOptions, type Client } from "../../../api/clients";
import { type Desk, desksOptions } from "../../../api/desks";
import { type Invitation, invitationsByIdOptions } from "../../../api/invitations";
import { useAccount, useMay } from "../../../api/me";
import { allMembersOptions, type Member } from "../../../api/members";
import { polling } from "../../../api/polling";
import { PAGE } from "../../../api/query";
import { rolesOptions } from "../../../api/roles";
import { allTeamsOptions } from "../../../api/teams";
import { formatDay, formatList } from "../../../format";
import { useRowKeys } from "../../../frame/use-row-keys";
import { common } from "../../../texts/en/common";
import { unread } from "../../../texts/en/unread";
import { users as texts } from "../../../texts/en/users";
import { work } from "../../../texts/en/work";
import {
  Avatar,
  announce,
  Badge,
  Button,
  type Column,
  DataTable,
  EmptyState,
  looks,
  NoMatches,
  Notice,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  SearchField,
  Select,
  Skeleton,
  Time,
  Toolbar,
  useChangeLink,
  useNow,
} from "../../../ui";
import { classes } from "../../../ui/classes";
import { useChannels } from "../channels/use-channels";
import { aboveBy, useStanding } from "../permissions/standing";
import { ExpiryText } from "./expiry-text";
import { type Filter, isLastSuperAdmin, matching, readClients } from "./filter";
import { InvitationSteps } from "./invitation-steps";
import { InviteDialog } from "./invite-dialog";
import { RemoveDialog } from "./remove-dialog";
import { StatusBadge } from "./status-badge";
import { optionsOf } from "./timeline";
import { type InvitationActions, InvitationButtons, useInvitationActions } from "./use-invitations";
import styles from "./users.module.css";

const route = getRouteApi("/a/$account/settings/users");

const STATUSES = ["active", "pending", "suspended"] as const;

export function UsersPage() {
  const search = route.useSearch();
  const { q, role, status, team, invite } = search;
  const navigate = route.useNavigate();
  const may = useMay();
  const account = useAccount();
  const change = useChangeLink();
  const members = useQuery(allMembersOptions);
  const roles = useQuery(rolesOptions);
  const listedTeams = useQuery({ ...allTeamsOptions, enabled: may("teams.read") });
  const teams = listedTeams.data ?? [];
  const hasSender = useQuery(accountOptions).data?.value.mail.from !== null;
  const actions = useInvitationActions();
  const [shownRows, setShownRows] = useState(PAGE);

  const found = members.data && matching(members.data, search);
  const rows = found?.slice(0, shownRows);
  const isFiltered = Boolean(q || role || status || team);
  const mayManage = may("members.manage");

  const count = found?.length;
  useEffect(() => {
    if (q && count !== undefined) announce(texts.found(count));
  }, [q, count]);

  const filter = (next: Partial<Filter>, replace = false) => {
    setShownRows(PAGE);
    void navigate({ search: (old) => ({ ...old, ...next }), replace });
  };
  useRowKeys(rows?.map(({ id }) => id) ?? [], q ? () => filter({ q: undefined }, true) : undefined);
  const openForm = (isOpen: boolean) => void navigate({ search: (old) => ({ ...old, invite: isOpen || undefined }) });

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          mayManage && (
            <>
              <Button changes onClick={() => openForm(true)}>
                {texts.newUser}
              </Button>
              <Link
                {...change}
                className={looks({ kind: "primary" })}
                params={{ account: account.id }}
                to="/a/$account/settings/users/new"
              >
                {texts.addUser}
              </Link>
            </>
          )
        }
        title={texts.title}
      />
      {!hasSender && (
        <Notice tone="warn">
          <p>
            {texts.noMail} {texts.noMailMore}
          </p>
        </Notice>
      )}
      <Toolbar active={[role, status, team].filter(Boolean).length}>
        <SearchField label={texts.search} onSearch={(next) => filter({ q: next || undefined }, true)} value={q ?? ""} />
        <Select
          label={texts.role}
          onChange={(next) => filter({ role: next || undefined })}
          options={[
            { value: "", label: texts.allRoles },
            ...(roles.data?.items.map(({ key, name }) => ({ value: key, label: name })) ?? []),
            { value: "none", label: texts.noRole },
          ]}
          value={role ?? ""}
        />
        <Select
          label={texts.status}
          onChange={(next) => filter({ status: STATUSES.find((known) => known === next) })}
          options={[
            { value: "", label: texts.allStatuses },
            ...STATUSES.map((value) => ({ value, label: texts.statuses[value] })),
          ]}
          value={status ?? ""}
        />
        {(teams.length > 0 || team) && (
          <Select
            label={work.team}
            onChange={(next) => filter({ team: next || undefined })}
            options={[
              { value: "", label: work.allTeams },
              ...teams.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            value={team ?? ""}
          />
        )}
      </Toolbar>
      <PartProblem read={roles} title={unread.roles} />
      <PartProblem read={listedTeams} title={unread.teams} />
      {members.error && !members.data ? (
        <ProblemView error={members.error} retry={() => void members.refetch()} />
      ) : !rows ? (
        <Skeleton />
      ) : rows.length === 0 ? (
        isFiltered ? (
          <NoMatches onClear={() => filter({ q: undefined, role: undefined, status: undefined, team: undefined })} />
        ) : (
          <EmptyState title={texts.title}>{texts.about}</EmptyState>
        )
      ) : (
        <UsersTable
          actions={actions}
          hasSender={hasSender}
          isBusy={members.isFetching}
          members={members.data ?? []}
          rows={rows}
          showMore={count !== undefined && count > rows.length ? () => setShownRows(shownRows + PAGE) : undefined}
        />
      )}
      {actions.dialogs}
      <InviteDialog isOpen={Boolean(invite) && mayManage} onClose={() => openForm(false)} onLink={actions.showLink} />
    </Page>
  );
}

interface TableProps {
  /** All members of the account, of which `rows` are shown. */
  members: readonly Member[];
  rows: readonly Member[];
  hasSender: boolean;
  actions: InvitationActions;
  isBusy: boolean;
  showMore: (() => void) | undefined;
}

function UsersTable({ members, rows, hasSender, actions, isBusy, showMore }: TableProps) {
  const may = useMay();
  const standing = useStanding();
  const clients = useQuery({ ...allClientsOptions, enabled: may("projects.read") }).data;
  const pending = members.flatMap((member) => (member.status === "pending" ? (member.invitation_id ?? []) : []));
  const invitations = useQuery({ ...invitationsByIdOptions(pending), ...polling });
  const desks = useQuery({ ...desksOptions, enabled: may("conversations.read") });
  const [removing, setRemoving] = useState<Member>();
  const [isRemoving, setIsRemoving] = useState(false);
  const mayManage = may("members.manage");
  const blocked = (member: Member) => {
    if (aboveBy(standing, member)) return texts.aboveReason;
    if (!isLastSuperAdmin(member, members)) return undefined;
    return member.is_you ? texts.lastSuperAdminYou : texts.lastSuperAdmin(member.name);
  };

  const columns: Column<Member>[] = [
    { key: "user", title: texts.user, isHeader: true, width: "34%", cell: (member) => <PersonCell member={member} /> },
    {
      key: "role",
      title: texts.roleAndTeams,
      cell: (member) => (
        <div className={styles.names}>
          <RoleCell member={member} />
          <TeamsCell member={member} />
        </div>
      ),
    },
    {
      key: "clients",
      title: texts.clientsAndLoad,
      cell: (member) => (
        <div className={styles.names}>
          <ClientsCell clients={clients} member={member} />
          <LoadCell desks={desks.data?.items} member={member} />
        </div>
      ),
    },
    {
      key: "status",
      title: texts.status,
      cell: (member) => <StatusCell member={member} />,
    },
    {
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (member) => (
        <div className={styles.actions}>
          <EditLink mayManage={mayManage} member={member} />
          {mayManage && member.status !== "pending" && (
            <Button
              aria-label={member.is_you ? texts.leave : texts.removeOf(member.name)}
              blocked={blocked(member)}
              changes
              kind="quiet"
              onClick={() => {
                setRemoving(member);
                setIsRemoving(true);
              }}
              small
            >
              {member.is_you ? texts.leaveShort : texts.remove}
            </Button>
          )}
        </div>
      ),
    },
  ];

  return (
    <>
      <PartProblem read={invitations} title={unread.invitations} />
      <PartProblem read={desks} title={unread.loads} />
      <DataTable
        caption={texts.caption}
        columns={columns}
        detail={(member) => {
          const invitation = invitations.data?.find(({ id }) => id === member.invitation_id);
          if (member.status !== "pending") return undefined;
          // The place is kept while it is read, so that no row moves.
          if (invitations.isLoading) return <div aria-busy="true" className={styles.awaited} />;
          if (!invitation) return undefined;
          return (
            <InvitationRow
              actions={actions}
              blocked={blocked(member)}
              hasSender={hasSender}
              invitation={invitation}
              mayManage={mayManage}
            />
          );
        }}
        isBusy={isBusy}
        rowKey={({ id }) => id}
        rows={rows}
        showMore={showMore}
      />
      <RemoveDialog isOpen={isRemoving} member={removing} onClose={() => setIsRemoving(false)} />
    </>
  );
}

function PersonCell({ member }: { member: Member }) {
  const account = useAccount();
  return (
    <div className={styles.person}>
      <Avatar name={member.name} />
      <div className={styles.names}>
        <span className={styles.nameLine}>
          <Link
            className={classes(styles.name, "target")}
            data-row={member.id}
            params={{ account: account.id, id: member.id }}
            to="/a/$account/settings/users/$id"
          >
            <bdi>{member.name}</bdi>
          </Link>
          {member.is_you && <Badge>{texts.you}</Badge>}
        </span>
        {member.name !== member.email && <span className={styles.email}>{member.email}</span>}
      </div>
    </div>
  );
}

/** Uses are noted once an hour, so that a time within the hour says no more than that. */
const SEEN_NOTED_EVERY = 60 * 60_000;

function StatusCell({ member }: { member: Member }) {
  const now = useNow();
  const { status, last_seen_at } = member;
  const isRecent = last_seen_at && now - Date.parse(last_seen_at) < SEEN_NOTED_EVERY;
  return (
    <div className={styles.names}>
      <div>
        <StatusBadge status={status} />
      </div>
      {status !== "pending" && (
        <span className={styles.soft}>
          {!last_seen_at ? (
            texts.neverSeen
          ) : isRecent ? (
            <Time at={last_seen_at}>{texts.seenRecently}</Time>
          ) : (
            <>
              {texts.lastSeen} <Time at={last_seen_at} />
            </>
          )}
        </span>
      )}
    </div>
  );
}

function EditLink({ member, mayManage }: { member: Member; mayManage: boolean }) {
  const account = useAccount();
  const change = useChangeLink();
  return (
    <Link
      {...(mayManage && change)}
      aria-label={texts.editOf(member.name)}
      className={looks({ small: true })}
      params={{ account: account.id, id: member.id }}
      to="/a/$account/settings/users/$id"
    >
      {texts.edit}
    </Link>
  );
}

function RoleCell({ member }: { member: Member }) {
  const extra = member.extra_permissions.length;
  return (
    <div className={styles.names}>
      <bdi>{member.role?.name ?? texts.noRole}</bdi>
      {extra > 0 && <span className={styles.soft}>{texts.extraCount(extra)}</span>}
    </div>
  );
}

const NAMED = 2;

function ClientsCell({ member, clients }: { member: Member; clients: readonly Client[] | undefined }) {
  const access = readClients(member.clients);
  if (access === "all") return <span className={styles.whole}>{texts.allClients}</span>;
  const names = access.flatMap((id) => clients?.find((client) => client.id === id)?.name ?? []);
  if (names.length === 0 || names.length > NAMED || names.length < access.length) {
    return <span title={formatList(names)}>{texts.someClients(access.length)}</span>;
  }
  return <bdi>{formatList(names)}</bdi>;
}

function TeamsCell({ member }: { member: Member }) {
  const mayRead = useMay()("teams.read");
  const teams = useQuery({ ...allTeamsOptions, enabled: mayRead }).data ?? [];
  const names = teams.filter(({ id }) => member.work.teams.includes(id)).map(({ name }) => name);
  if (names.length === 0) return null;
  return <bdi className={styles.soft}>{formatList(names)}</bdi>;
}

/** “SMS 2/3 · WhatsApp 0/4”; the limits alone where the load is not known. */
function LoadCell({ member, desks }: { member: Member; desks: readonly Desk[] | undefined }) {
  const { label } = useChannels();
  const limits = Object.entries(member.work.channels);
  if (limits.length === 0) return null;
  const words = ([channel, limit]: [string, number]) => {
    if (!desks) return work.limitOf(label(channel), String(limit));
    const seats = desks.find((desk) => desk.channel === channel)?.members;
    return work.loadOf(label(channel), seats?.find(({ id }) => id === member.id)?.load ?? 0, limit);
  };
  return <span className={styles.soft}>{limits.map(words).join(" · ")}</span>;
}

interface RowProps {
  invitation: Invitation;
  actions: InvitationActions;
  hasSender: boolean;
  mayManage: boolean;
  blocked: string | undefined;
}

function InvitationRow({ invitation, actions, hasSender, mayManage, blocked }: RowProps) {
  const invited = invitation.timeline.find(({ kind }) => kind === "invited")?.at;
  const options = optionsOf(invitation, hasSender);
  return (
    <div className={styles.invitation}>
      <div className={styles.story}>
        <InvitationSteps invitation={invitation} />
        <p className={styles.soft}>
          <ExpiryText invitation={invitation} />
          {invited && <> · {texts.invitedBy(invitation.invited_by.name, formatDay(invited))}</>}
          {invitation.inviter_active === false && <>, {texts.inviterLeft}</>}
        </p>
      </div>
      {mayManage && (
        <div>
          <InvitationButtons
            actions={actions}
            blocked={blocked}
            className={styles.actions}
            invitation={invitation}
            options={options}
          />
          {options.send && invitation.resends_left < 3 && (
            <p className={styles.left}>{texts.resendsLeft(invitation.resends_left)}</p>
          )}
        </div>
      )}
    </div>
  );
}
