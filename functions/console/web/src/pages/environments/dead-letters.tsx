import { useState } from "react";
import { type GivenUp, givenUpOptions, redrive } from "../../api/deliveries";
import { useMay } from "../../api/me";
import { queryClient, useList } from "../../api/query";
import { formatNumber } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { environments as texts } from "../../texts/en/environments";
import {
  announce,
  Button,
  type Column,
  ConfirmDialog,
  DataTable,
  errorText,
  ProblemView,
  Section,
  Skeleton,
  StrangersText,
  Time,
  toasts,
} from "../../ui";
import { reasonOf } from "./agent";
import styles from "./environments.module.css";

/** Deliveries that were given up for an environment, and a way to try them again. */
export function DeadLetters({ environment }: { environment: string }) {
  const project = useProjectId();
  const mayRedrive = useMay()("deliveries.redrive");
  const list = useList(givenUpOptions(project, environment));
  const [isAsking, setAsking] = useState(false);
  const [busy, setBusy] = useState<string>();

  const again = async (ids?: string[]) => {
    const { redriven, left } = await redrive(project, environment, ids);
    const words = [
      texts.redriven(formatNumber(redriven), redriven === 1),
      ...(left > 0 ? [texts.left(formatNumber(left), left === 1)] : []),
    ].join(". ");
    toasts.done(words);
    announce(words);
    await queryClient.invalidateQueries({ queryKey: ["deliveries", project] });
  };
  const one = async (id: string) => {
    setBusy(id);
    try {
      await again([id]);
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(undefined);
    }
  };

  const columns: Column<GivenUp>[] = [
    { key: "what", title: texts.deadWhat, isHeader: true, width: "40%", cell: (item) => <What item={item} /> },
    { key: "reason", title: texts.deadReason, cell: ({ reason }) => <bdi>{reasonOf(reason)}</bdi> },
    { key: "attempts", title: texts.deadAttempts, cell: ({ attempts }) => formatNumber(attempts) },
    { key: "at", title: texts.deadAt, cell: ({ given_up_at }) => <Time at={given_up_at} /> },
  ];
  if (mayRedrive) {
    columns.push({
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: ({ id, kind, preview, may_have_gone_out }) => (
        <Button
          aria-label={texts.redriveOf(preview ?? texts.deadKinds[kind])}
          blocked={may_have_gone_out ? texts.mayHaveGoneOut : undefined}
          changes
          isBusy={busy === id}
          onClick={() => void one(id)}
          small
        >
          {texts.redrive}
        </Button>
      ),
    });
  }

  const { items } = list;
  return (
    <Section
      about={texts.deadAbout}
      actions={
        mayRedrive &&
        items !== undefined &&
        items.length > 0 && (
          <Button changes onClick={() => setAsking(true)} small>
            {texts.redriveAll}
          </Button>
        )
      }
      title={texts.deadLetters}
    >
      {list.error && !items ? (
        <ProblemView error={list.error} retry={list.retry} />
      ) : !items ? (
        <Skeleton rows={2} />
      ) : items.length === 0 && !list.showMore ? (
        <p className={styles.soft}>{texts.deadNone}</p>
      ) : (
        <DataTable
          caption={texts.deadCaption}
          columns={columns}
          isBusy={list.isFetching}
          isShowingMore={list.isShowingMore}
          rowKey={({ id }) => id}
          rows={items}
          showMore={list.showMore}
        />
      )}
      <ConfirmDialog
        action={texts.redriveAll}
        isOpen={isAsking}
        kind="primary"
        onClose={() => setAsking(false)}
        onConfirm={() => again()}
        title={texts.redriveAllTitle}
      >
        {texts.redriveAllText}
      </ConfirmDialog>
    </Section>
  );
}

function What({ item }: { item: GivenUp }) {
  return (
    <div className={styles.what}>
      <span>{texts.deadKinds[item.kind]}</span>
      {item.preview && (
        <span className={styles.soft}>
          <StrangersText>{item.preview}</StrangersText>
        </span>
      )}
    </div>
  );
}
