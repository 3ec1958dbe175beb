import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Desk, desksOptions, roomOptions, type Seat } from "../../api/desks";
import { polling } from "../../api/polling";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { unread } from "../../texts/en/unread";
import { Button, type Column, DataTable, Dialog, PartProblem, ProblemView, Skeleton, Stack } from "../../ui";
import styles from "./conversations.module.css";

interface Props {
  label: (channel: string) => string;
  /** Only the room of this channel. */
  channel: string | undefined;
}

/** The room that there is: “SMS 5 of 12 in use · WhatsApp full”, per person on demand (U602). */
export function Room({ label, channel }: Props) {
  const [isOpen, setOpen] = useState(false);
  const room = useQuery({ ...roomOptions, ...polling });
  const seats = useQuery({ ...desksOptions, enabled: isOpen, staleTime: 0 });
  const desks = seats.data?.items;
  const isShown = (desk: Desk) => channel === undefined || desk.channel === channel;
  const shown = room.data?.items.filter(isShown) ?? [];
  if (shown.length === 0) return <PartProblem read={room} title={unread.room} />;
  return (
    <section aria-label={texts.room} className={styles.room}>
      <p>{shown.map((desk) => roomOf(desk, label(desk.channel))).join(" · ")}</p>
      <Button kind="quiet" onClick={() => setOpen(true)} small>
        {texts.perPerson}
      </Button>
      <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={texts.perPersonTitle}>
        <Stack gap={5}>
          {!desks &&
            (seats.error ? (
              <ProblemView error={seats.error} retry={() => void seats.refetch()} />
            ) : (
              <Skeleton rows={3} />
            ))}
          {desks?.filter(isShown).map((desk) => (
            <section key={desk.channel}>
              <h3>{roomOf(desk, label(desk.channel))}</h3>
              {desk.members && desk.members.length > 0 && (
                <DataTable
                  caption={label(desk.channel)}
                  columns={COLUMNS}
                  rowKey={({ id }) => id}
                  rows={desk.members}
                />
              )}
            </section>
          ))}
        </Stack>
      </Dialog>
    </section>
  );
}

/** The room of a channel in words. */
function roomOf({ limit, load }: Desk, channel: string): string {
  if (limit === 0) return texts.roomNone(channel);
  return load >= limit ? texts.roomFull(channel) : texts.roomOf(channel, load, limit);
}

const COLUMNS: Column<Seat>[] = [
  { key: "person", title: texts.person, isHeader: true, width: "45%", cell: ({ name }) => <bdi>{name}</bdi> },
  {
    key: "load",
    title: texts.room,
    cell: ({ load, limit }) => texts.openCount(load, limit),
  },
  { key: "presence", title: texts.state, cell: ({ presence }) => texts.presence[presence] },
];
