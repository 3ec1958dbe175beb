import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { allClientsOptions, type Client } from "../../../../api/clients";
import type { Work } from "../../../../api/members";
import { formatList } from "../../../../format";
import { unread } from "../../../../texts/en/unread";
import { work as texts } from "../../../../texts/en/work";
import {
  Checkbox,
  type Column,
  DataTable,
  FieldGroup,
  Notice,
  PartProblem,
  Skeleton,
  useIsFirstRead,
} from "../../../../ui";
import { useChannels } from "../../channels/use-channels";
import { allow, type Loss, losses, serve, serves, type WorkValues } from "./work";
import styles from "./work.module.css";

interface AllowedProps {
  value: readonly string[];
  onChange: (allowed: string[]) => void;
  error?: string | undefined;
  isReadOnly?: boolean;
}

/** The channels on which a person may be given conversations (U505). */
export function AllowedChannels({ value, onChange, error, isReadOnly }: AllowedProps) {
  const { channels, label, read } = useChannels();
  const isFirstRead = useIsFirstRead(read);
  const keys = [...new Set([...channels.map(({ key }) => key), ...value])];
  return (
    <FieldGroup error={error} help={isReadOnly ? undefined : texts.allowedHelp} label={texts.allowedChannels}>
      {isFirstRead && <Skeleton height={32} rows={4} />}
      <PartProblem read={read} title={unread.channels} />
      {keys.map((key) => (
        <Checkbox
          blocked={isReadOnly ? "" : undefined}
          isSelected={value.includes(key)}
          key={key}
          label={<bdi>{label(key)}</bdi>}
          name="allowed"
          onChange={(isAllowed) => onChange(allow(value, key, isAllowed))}
        />
      ))}
      {keys.length === 0 && !read.isLoading && !read.error && <p className={styles.soft}>{texts.noChannels}</p>}
    </FieldGroup>
  );
}

interface TableProps {
  values: Pick<WorkValues, "allowed" | "clientChannels">;
  /** Ids of the clients that are chosen. */
  clients: readonly string[];
  onChange: (clientChannels: Record<string, string[]>) => void;
  error?: string | undefined;
  isReadOnly?: boolean;
}

/** The channels of each client that the person serves. What is not allowed, or the client does not have, is off, with the reason. */
export function ClientChannels({ values, clients, onChange, error, isReadOnly = false }: TableProps) {
  const { label } = useChannels();
  const all = useQuery(allClientsOptions).data ?? [];
  const rows = all.filter(({ id }) => clients.includes(id));
  const channels = [...new Set([...values.allowed, ...rows.flatMap((client) => client.channels)])].sort();
  if (rows.length === 0 || channels.length === 0) return null;
  const columns: Column<Client>[] = [
    { key: "client", title: texts.client, isHeader: true, cell: ({ name }) => <bdi>{name}</bdi> },
    ...channels.map((channel) => ({
      key: channel,
      title: label(channel),
      cell: (client: Client) => (
        <Served
          isReadOnly={isReadOnly}
          isServed={serves(values, client.id, channel) && client.channels.includes(channel)}
          name={texts.servesOn(client.name, label(channel))}
          onChange={(isServed) => onChange(serve(values, client.id, channel, isServed))}
          reason={
            values.allowed.includes(channel)
              ? client.channels.includes(channel)
                ? undefined
                : texts.notTheirs
              : texts.notAllowed
          }
        />
      ),
    })),
  ];
  return (
    <FieldGroup error={error} help={isReadOnly ? undefined : texts.clientChannelsHelp} label={texts.clientChannels}>
      <DataTable caption={texts.clientChannels} columns={columns} rowKey={({ id }) => id} rows={rows} />
    </FieldGroup>
  );
}

interface ServedProps {
  name: string;
  isServed: boolean;
  /** Why it cannot be chosen. */
  reason: string | undefined;
  isReadOnly: boolean;
  onChange: (isServed: boolean) => void;
}

function Served({ name, isServed, reason, isReadOnly, onChange }: ServedProps) {
  const id = useId();
  return (
    <div className={styles.served}>
      <input
        aria-describedby={reason && id}
        aria-label={name}
        checked={isServed}
        className={styles.box}
        disabled={isReadOnly || reason !== undefined}
        name="clientChannels"
        onChange={(event) => onChange(event.target.checked)}
        type="checkbox"
      />
      {reason && (
        <span className={styles.soft} id={id}>
          {reason}
        </span>
      )}
    </div>
  );
}

interface LossesProps {
  before: Work;
  /** The clients that were served before. */
  access: "all" | readonly string[];
  allowed: readonly string[];
}

/** Tells before the save what goes with the channels that were taken away (E08). */
export function Losses({ before, access, allowed }: LossesProps) {
  const { label } = useChannels();
  const clients = useQuery(allClientsOptions).data ?? [];
  const lost = losses(before, access, allowed);
  const words = ({ channel, limit, clients: ids }: Loss) => {
    if (ids === "all") return texts.loss(label(channel), limit, texts.lossAllClients);
    if (ids.length === 0) return texts.lossNobody(label(channel), limit);
    const names = ids.map((id) => clients.find((client) => client.id === id)?.name ?? id);
    return texts.loss(label(channel), limit, texts.lossClients(formatList(names), ids.length));
  };
  // It stays mounted, so that what comes into it is read out.
  return (
    <div aria-live="polite">
      {lost.length > 0 && (
        <Notice tone="warn">
          <p>{texts.lossTitle}</p>
          <ul className={styles.list}>
            {lost.map((loss) => (
              <li key={loss.channel}>{words(loss)}</li>
            ))}
          </ul>
          <p>{texts.lossOpen}</p>
        </Notice>
      )}
    </div>
  );
}
