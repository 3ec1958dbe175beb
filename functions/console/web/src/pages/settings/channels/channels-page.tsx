import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { Channel } from "../../../api/channels";
import { allClientsOptions, type Client } from "../../../api/clients";
import { useMay } from "../../../api/me";
import { formatList } from "../../../format";
import { channelTexts as texts } from "../../../texts/en/channels";
import { common } from "../../../texts/en/common";
import { unread } from "../../../texts/en/unread";
import { Button, type Column, DataTable, Page, PageHeading, PartProblem, ProblemView, Skeleton } from "../../../ui";
import record from "../record.module.css";
import { ChannelDialog } from "./channel-dialog";
import { DeleteChannel } from "./delete-channel";
import { useChannels } from "./use-channels";

const route = getRouteApi("/a/$account/settings/channels");

/** The catalogue of channels: those of connectors, and others that were added (U516). */
export function ChannelsPage() {
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const mayManage = useMay()("clients.manage");
  const { channels, read } = useChannels();
  const clients = useQuery(allClientsOptions);
  const [deleted, setDeleted] = useState<Channel>();
  const [isDeleting, setDeleting] = useState(false);
  const show = (isOpen: boolean) => void navigate({ search: { create: isOpen || undefined } });

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          mayManage && (
            <Button changes icon="plus" kind="primary" onClick={() => show(true)}>
              {texts.add}
            </Button>
          )
        }
        title={texts.title}
      />
      {read.data && <PartProblem read={clients} title={unread.clients} />}
      {read.error && !read.data ? (
        <ProblemView error={read.error} retry={() => void read.refetch()} />
      ) : !read.data ? (
        <Skeleton />
      ) : (
        <DataTable
          caption={texts.caption}
          columns={columnsOf(
            clients.data,
            mayManage
              ? (channel) => {
                  setDeleted(channel);
                  setDeleting(true);
                }
              : undefined,
          )}
          isBusy={read.isFetching}
          rowKey={({ key }) => key}
          rows={channels}
        />
      )}
      {mayManage && (
        <>
          <ChannelDialog
            channels={channels}
            isOpen={read.data !== undefined && Boolean(create)}
            onClose={() => show(false)}
          />
          <DeleteChannel channel={deleted} isOpen={isDeleting} onClose={() => setDeleting(false)} />
        </>
      )}
    </Page>
  );
}

function columnsOf(
  clients: readonly Client[] | undefined,
  onDelete: ((channel: Channel) => void) | undefined,
): Column<Channel>[] {
  const columns: Column<Channel>[] = [
    {
      key: "channel",
      title: texts.channel,
      isHeader: true,
      width: "30%",
      cell: ({ name }) => <bdi>{name}</bdi>,
    },
    { key: "key", title: texts.key, cell: ({ key }) => <code>{key}</code> },
    {
      key: "source",
      title: texts.source,
      cell: ({ of_connectors }) => (
        <span title={of_connectors ? undefined : texts.ofApiAbout}>
          {of_connectors ? texts.ofConnectors : texts.ofApi}
        </span>
      ),
    },
    { key: "clients", title: texts.clients, cell: ({ key }) => <ClientsCell channel={key} clients={clients} /> },
  ];
  if (onDelete) {
    columns.push({
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (channel) => (
        <Button
          aria-label={texts.deleteOf(channel.name)}
          blocked={channel.of_connectors ? texts.stays : undefined}
          changes
          kind="quiet"
          onClick={() => onDelete(channel)}
          small
        >
          {texts.delete}
        </Button>
      ),
    });
  }
  return columns;
}

function ClientsCell({ clients, channel }: { clients: readonly Client[] | undefined; channel: string }) {
  if (!clients) return null;
  const names = clients.filter(({ channels }) => channels.includes(channel)).map(({ name }) => name);
  if (names.length === 0) return <span className={record.soft}>{texts.noClients}</span>;
  return <bdi>{formatList(names)}</bdi>;
}
