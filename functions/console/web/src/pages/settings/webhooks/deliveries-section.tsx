import { useState } from "react";
import { useMay } from "../../../api/me";
import { queryClient, useList } from "../../../api/query";
import {
  type DeliveryStatus,
  type EventDelivery,
  sendEventAgain,
  webhookDeliveriesOptions,
} from "../../../api/webhooks";
import { formatNumber, formatPhrase } from "../../../format";
import { common } from "../../../texts/en/common";
import { webhooks as texts } from "../../../texts/en/webhooks";
import {
  announce,
  Badge,
  Button,
  type Column,
  DataTable,
  errorText,
  NoMatches,
  ProblemView,
  Section,
  Select,
  Skeleton,
  Stack,
  StrangersText,
  Time,
  type Tone,
  toasts,
  useNow,
} from "../../../ui";
import record from "../record.module.css";
import styles from "./webhooks.module.css";

const TONES: Record<DeliveryStatus, Tone> = { waiting: "blue", delivered: "good", failed: "bad" };

interface Props {
  id: string;
  status: DeliveryStatus | undefined;
  onStatus: (status: DeliveryStatus | undefined) => void;
}

/** Events that were sent to a webhook, its answers, and a way to send one again. */
export function DeliveriesSection({ id, status, onStatus }: Props) {
  const mayWrite = useMay()("webhooks.write");
  const { items, error, retry, isFetching, showMore, isShowingMore } = useList(webhookDeliveriesOptions(id, status));
  const [busy, setBusy] = useState<string>();
  const again = async ({ event_id, type }: EventDelivery) => {
    setBusy(event_id);
    try {
      await sendEventAgain(id, event_id);
      await queryClient.invalidateQueries({ queryKey: ["webhook-deliveries", id] });
      const words = texts.sentAgain(type);
      toasts.done(words);
      announce(words);
    } catch (failure) {
      toasts.failed(errorText(failure));
    } finally {
      setBusy(undefined);
    }
  };
  const actions: Column<EventDelivery> = {
    key: "actions",
    title: common.actions,
    align: "end",
    isUnlabelled: true,
    cell: (delivery) => (
      <Button
        aria-label={texts.sendAgainOf(delivery.type, formatNumber(delivery.sequence))}
        changes
        isBusy={busy === delivery.event_id}
        onClick={() => void again(delivery)}
        small
      >
        {texts.sendAgain}
      </Button>
    ),
  };
  return (
    <Section about={texts.deliveriesAbout} title={texts.deliveries}>
      <Stack gap={3}>
        <Select
          hideLabel
          label={texts.deliveryStatus}
          onChange={(chosen) => onStatus((chosen || undefined) as DeliveryStatus | undefined)}
          options={[
            { value: "", label: texts.anyStatus },
            ...(["waiting", "delivered", "failed"] as const).map((value) => ({
              value,
              label: texts.deliveryStatuses[value],
            })),
          ]}
          value={status ?? ""}
        />
        {error && !items ? (
          <ProblemView error={error} retry={retry} />
        ) : !items ? (
          <Skeleton rows={3} />
        ) : items.length === 0 && !showMore ? (
          status ? (
            <NoMatches onClear={() => onStatus(undefined)} />
          ) : (
            <p className={record.soft}>{texts.deliveriesEmpty}</p>
          )
        ) : (
          <DataTable
            caption={texts.deliveriesCaption}
            columns={mayWrite ? [...columns, actions] : columns}
            isBusy={isFetching}
            isShowingMore={isShowingMore}
            rowKey={({ event_id }) => event_id}
            rows={items}
            showMore={showMore}
          />
        )}
      </Stack>
    </Section>
  );
}

function State({ delivery: { status, tries, next_try_at } }: { delivery: EventDelivery }) {
  const now = useNow();
  // While a webhook is down, the time of an attempt passes without one.
  const isAhead = next_try_at != null && Date.parse(next_try_at) > now;
  return (
    <>
      <Badge tone={TONES[status]}>{texts.deliveryStatuses[status]}</Badge>
      {tries > 0 && <span className={record.about}>{texts.tries(tries, formatNumber(tries))}</span>}
      {isAhead && tries > 0 && (
        <span className={record.about}>
          {texts.nextTry} <Time at={next_try_at} />
        </span>
      )}
    </>
  );
}

function Answer({ last }: { last: EventDelivery["last"] }) {
  if (!last) return <span className={record.soft}>{texts.noAnswer}</span>;
  const { http_status, duration_ms, problem, answer } = last;
  const said = http_status == null ? formatPhrase(problem ?? "") : texts.httpStatus(http_status);
  return (
    <>
      <span>
        {said}, {texts.duration(formatNumber(duration_ms))}
      </span>
      {answer && (
        <span className={record.about}>
          <StrangersText>{answer}</StrangersText>
        </span>
      )}
    </>
  );
}

const columns: Column<EventDelivery>[] = [
  {
    key: "event",
    title: texts.columnEvent,
    isHeader: true,
    width: "32%",
    cell: ({ type, sequence }) => (
      <>
        <code>{type}</code>
        <span className={record.about}>{texts.number(formatNumber(sequence))}</span>
      </>
    ),
  },
  {
    key: "status",
    title: texts.columnDelivery,
    cell: (delivery) => <State delivery={delivery} />,
  },
  { key: "answer", title: texts.columnAnswer, cell: ({ last }) => <Answer last={last} /> },
  {
    key: "at",
    title: texts.columnAt,
    cell: ({ last, created_at }) => (
      <span className={styles.at}>
        <Time at={last?.at ?? created_at} />
      </span>
    ),
  },
];
