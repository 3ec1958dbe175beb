import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useAccount, useMay } from "../../../api/me";
import { allMembersOptions, type Member } from "../../../api/members";
import { PAGE } from "../../../api/query";
import { allTeamsOptions, type Team } from "../../../api/teams";
import { common } from "../../../texts/en/common";
import { teamTexts as texts } from "../../../texts/en/teams";
import { unread } from "../../../texts/en/unread";
import {
  Button,
  type Column,
  DataTable,
  EmptyState,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Skeleton,
} from "../../../ui";
import styles from "../clients/clients.module.css";
import { DeleteTeam } from "./delete-team";
import { membersOf } from "./members-of";
import { TeamDialog } from "./team-dialog";

const route = getRouteApi("/a/$account/settings/teams");

/** The teams of the account, with the members of each (U510). */
export function TeamsPage() {
  const { open, create } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const mayManage = may("teams.manage");
  const teams = useQuery(allTeamsOptions);
  const read = useQuery({ ...allMembersOptions, enabled: may("members.read") });
  const members = read.data;
  const [shownRows, setShownRows] = useState(PAGE);
  const [deleted, setDeleted] = useState<Team>();
  const [isDeleting, setDeleting] = useState(false);

  const show = (search: { open?: string; create?: true }) =>
    void navigate({ search: { open: search.open, create: search.create } });
  const opened = teams.data?.find(({ id }) => id === open);
  const add = mayManage && (
    <Button changes icon="plus" kind="primary" onClick={() => show({ create: true })}>
      {texts.add}
    </Button>
  );

  return (
    <Page>
      <PageHeading about={texts.about} actions={add} title={texts.title} />
      {teams.data && <PartProblem read={read} title={unread.members} />}
      {teams.error && !teams.data ? (
        <ProblemView error={teams.error} retry={() => void teams.refetch()} />
      ) : !teams.data ? (
        <Skeleton />
      ) : teams.data.length === 0 ? (
        <EmptyState action={add} title={texts.empty}>
          {texts.emptyText}
        </EmptyState>
      ) : (
        <TeamsTable
          isBusy={teams.isFetching}
          members={members}
          onDelete={(team) => {
            setDeleted(team);
            setDeleting(true);
          }}
          onOpen={({ id }) => show({ open: id })}
          showMore={teams.data.length > shownRows ? () => setShownRows(shownRows + PAGE) : undefined}
          teams={teams.data.slice(0, shownRows)}
        />
      )}
      {mayManage && (
        <TeamDialog
          isOpen={teams.data !== undefined && (Boolean(create) || opened !== undefined)}
          onClose={() => show({})}
          team={create ? undefined : opened}
          teams={teams.data ?? []}
        />
      )}
      <DeleteTeam
        isOpen={isDeleting}
        members={(deleted && members && membersOf(deleted.id, members)) ?? []}
        onClose={() => setDeleting(false)}
        team={deleted}
      />
    </Page>
  );
}

interface TableProps {
  teams: readonly Team[];
  /** Undefined while they are read, and for who may not see them. */
  members: readonly Member[] | undefined;
  isBusy: boolean;
  onOpen: (team: Team) => void;
  onDelete: (team: Team) => void;
  showMore: (() => void) | undefined;
}

function TeamsTable({ teams, members, isBusy, onOpen, onDelete, showMore }: TableProps) {
  const mayManage = useMay()("teams.manage");
  const columns: Column<Team>[] = [
    { key: "team", title: texts.team, isHeader: true, width: "34%", cell: ({ name }) => <bdi>{name}</bdi> },
  ];
  if (members) {
    columns.push({
      key: "members",
      title: texts.members,
      cell: (team) => <MembersCell members={membersOf(team.id, members)} team={team} />,
    });
  }
  if (mayManage) {
    columns.push({
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (team) => (
        <div className={styles.actions}>
          <Button aria-label={texts.editOf(team.name)} changes onClick={() => onOpen(team)} small>
            {texts.edit}
          </Button>
          <Button aria-label={texts.deleteOf(team.name)} changes kind="quiet" onClick={() => onDelete(team)} small>
            {texts.delete}
          </Button>
        </div>
      ),
    });
  }
  return (
    <DataTable
      caption={texts.caption}
      columns={columns}
      isBusy={isBusy}
      rowKey={({ id }) => id}
      rows={teams}
      showMore={showMore}
    />
  );
}

const NAMED = 3;

function MembersCell({ team, members }: { team: Team; members: readonly Member[] }) {
  const account = useAccount();
  if (members.length === 0) return <span className={styles.soft}>{texts.noMembers}</span>;
  return (
    <div>
      <Link
        aria-label={texts.membersOf(members.length, team.name)}
        params={{ account: account.id }}
        search={{ team: team.id }}
        to="/a/$account/settings/users"
      >
        {texts.memberCount(members.length)}
      </Link>
      <p className={styles.soft}>
        {members.slice(0, NAMED).map(({ id, name }, index) => (
          <span key={id}>
            {index > 0 && ", "}
            <bdi>{name}</bdi>
          </span>
        ))}
        {members.length > NAMED && ` ${texts.andMore(members.length - NAMED)}`}
      </p>
    </div>
  );
}
