import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { allClientsOptions, type Client } from "../../../api/clients";
import { useMay } from "../../../api/me";
import { allMembersOptions, type Member } from "../../../api/members";
import { PAGE } from "../../../api/query";
import { formatNumber } from "../../../format";
import { clientTexts as texts } from "../../../texts/en/clients";
import { common } from "../../../texts/en/common";
import { unread } from "../../../texts/en/unread";
import {
  Badge,
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
import { useChannels } from "../channels/use-channels";
import { readClients } from "../users/filter";
import { ClientDialog } from "./client-dialog";
import styles from "./clients.module.css";
import { DeleteClient } from "./delete-client";

const route = getRouteApi("/a/$account/settings/clients");

/** The clients of the account, with their channels and who may look after them (U510). */
export function ClientsPage() {
  const { open, create } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const mayManage = may("clients.manage");
  const clients = useQuery(allClientsOptions);
  const read = useQuery({ ...allMembersOptions, enabled: may("members.read") });
  const members = read.data;
  const [shownRows, setShownRows] = useState(PAGE);
  const [deleted, setDeleted] = useState<Client>();
  const [isDeleting, setDeleting] = useState(false);

  const show = (search: { open?: string; create?: true }) =>
    void navigate({ search: { open: search.open, create: search.create } });
  const opened = clients.data?.find(({ id }) => id === open);
  const add = mayManage && (
    <Button changes icon="plus" kind="primary" onClick={() => show({ create: true })}>
      {texts.add}
    </Button>
  );

  return (
    <Page>
      <PageHeading about={texts.about} actions={add} title={texts.title} />
      {clients.data && <PartProblem read={read} title={unread.members} />}
      {clients.error && !clients.data ? (
        <ProblemView error={clients.error} retry={() => void clients.refetch()} />
      ) : !clients.data ? (
        <Skeleton />
      ) : clients.data.length === 0 ? (
        <EmptyState action={add} title={texts.empty}>
          {texts.emptyText}
        </EmptyState>
      ) : (
        <ClientsTable
          clients={clients.data.slice(0, shownRows)}
          isBusy={clients.isFetching}
          members={members}
          onDelete={(client) => {
            setDeleted(client);
            setDeleting(true);
          }}
          onOpen={({ id }) => show({ open: id })}
          showMore={clients.data.length > shownRows ? () => setShownRows(shownRows + PAGE) : undefined}
        />
      )}
      {mayManage && (
        <ClientDialog
          client={create ? undefined : opened}
          isOpen={clients.data !== undefined && (Boolean(create) || opened !== undefined)}
          onClose={() => show({})}
          others={clients.data ?? []}
        />
      )}
      <DeleteClient client={deleted} isOpen={isDeleting} onClose={() => setDeleting(false)} />
    </Page>
  );
}

interface TableProps {
  clients: readonly Client[];
  /** All members, for those who may see them. */
  members: readonly Member[] | undefined;
  isBusy: boolean;
  onOpen: (client: Client) => void;
  onDelete: (client: Client) => void;
  showMore: (() => void) | undefined;
}

function ClientsTable({ clients, members, isBusy, onOpen, onDelete, showMore }: TableProps) {
  const mayManage = useMay()("clients.manage");
  const columns: Column<Client>[] = [
    {
      key: "client",
      title: texts.client,
      isHeader: true,
      width: "32%",
      cell: ({ name, is_default }) => (
        <span className={styles.nameLine}>
          <bdi>{name}</bdi>
          {is_default && <Badge title={texts.defaultAbout}>{texts.isDefault}</Badge>}
        </span>
      ),
    },
    { key: "channels", title: texts.channels, cell: ({ channels }) => <Channels channels={channels} /> },
    {
      key: "first-reply",
      title: texts.firstReply,
      cell: ({ first_reply_minutes: minutes }) =>
        minutes == null ? (
          <span className={styles.soft}>{texts.noFirstReply}</span>
        ) : (
          texts.minutes(formatNumber(minutes))
        ),
    },
  ];
  if (members) {
    columns.push({
      key: "members",
      title: texts.members,
      cell: ({ id }) => <Access client={id} members={members} />,
    });
  }
  if (mayManage) {
    columns.push({
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (client) => (
        <div className={styles.actions}>
          <Button aria-label={texts.editOf(client.name)} changes onClick={() => onOpen(client)} small>
            {texts.edit}
          </Button>
          <Button
            aria-label={texts.deleteOf(client.name)}
            blocked={client.is_default ? texts.defaultStays : undefined}
            changes
            kind="quiet"
            onClick={() => onDelete(client)}
            small
          >
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
      rows={clients}
      showMore={showMore}
    />
  );
}

function Channels({ channels }: { channels: readonly string[] }) {
  const { label } = useChannels();
  if (channels.length === 0) return <span className={styles.soft}>{texts.noChannels}</span>;
  return (
    <ul className={styles.channels}>
      {channels.map((key) => (
        <li key={key}>
          <Badge>{label(key)}</Badge>
        </li>
      ))}
    </ul>
  );
}

function Access({ client, members }: { client: string; members: readonly Member[] }) {
  const access = members.map(({ clients }) => readClients(clients));
  const limited = access.filter((ids) => ids !== "all" && ids.includes(client)).length;
  const all = access.filter((ids) => ids === "all").length;
  return (
    <>
      {texts.memberCount(all + limited)}
      {limited > 0 && <p className={styles.soft}>{texts.limited(limited)}</p>}
    </>
  );
}
