import { useState } from "react";
import { type KeptBlock, keptBlocksOptions, liftKeptBlock } from "../../api/kept-blocks";
import { useMay } from "../../api/me";
import { useList } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { peopleTexts as texts } from "../../texts/en/people";
import { unread } from "../../texts/en/unread";
import { Button, type Column, ConfirmDialog, DataTable, ProblemView, Section, Time } from "../../ui";
import { readPeopleAgain, tell } from "./keep";
import { ProviderCell } from "./provider-cell";

/** People who were blocked and erased: nothing is known of them but the block, which can be lifted (U308, C41). */
export function KeptBlocks() {
  const project = useProjectId();
  const mayLift = useMay()("chat_users.block");
  const list = useList(keptBlocksOptions(project));
  const [lifting, setLifting] = useState<KeptBlock>();
  const [isAsking, setAsking] = useState(false);
  const { items } = list;

  const lift = async () => {
    if (!lifting) return;
    await liftKeptBlock(project, lifting.id);
    tell(texts.lifted);
    readPeopleAgain(project);
  };
  const actions: Column<KeptBlock> = {
    key: "actions",
    title: common.actions,
    isUnlabelled: true,
    align: "end",
    cell: (block) => (
      <Button
        aria-label={texts.liftOf(block.blocked_by, connectorsOf(block))}
        changes
        onClick={() => {
          setLifting(block);
          setAsking(true);
        }}
        small
      >
        {texts.lift}
      </Button>
    ),
  };
  if (list.error && !items) return <ProblemView error={list.error} retry={list.retry} title={unread.keptBlocks} />;
  // Once the last one is lifted, its dialog still gives the focus back.
  if (!items || (items.length === 0 && !list.showMore && !isAsking)) return null;
  return (
    <Section about={texts.erasedAbout} title={texts.erasedPeople}>
      <DataTable
        caption={texts.erasedCaption}
        columns={mayLift ? [...COLUMNS, actions] : COLUMNS}
        isBusy={list.isFetching}
        isShowingMore={list.isShowingMore}
        rowKey={({ id }) => id}
        rows={items}
        showMore={list.showMore}
      />
      <ConfirmDialog
        action={texts.lift}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={lift}
        title={texts.liftTitle}
      >
        {texts.liftText}
      </ConfirmDialog>
    </Section>
  );
}

function connectorsOf({ connectors }: KeptBlock): string {
  return connectors.map(({ name }) => name ?? texts.deletedConnector).join(", ");
}

const COLUMNS: Column<KeptBlock>[] = [
  { key: "person", title: texts.person, isHeader: true, cell: () => texts.erasedPerson },
  { key: "provider", title: texts.provider, cell: ({ provider }) => <ProviderCell provider={provider} /> },
  { key: "connectors", title: texts.connectors, cell: (block) => <bdi>{connectorsOf(block)}</bdi> },
  { key: "by", title: texts.blockedByTitle, cell: ({ blocked_by }) => <bdi>{blocked_by}</bdi> },
  { key: "blocked", title: texts.blockedAt, cell: ({ blocked_at }) => <Time as="date" at={blocked_at} /> },
  { key: "erased", title: texts.erasedAt, cell: ({ erased_at }) => <Time as="date" at={erased_at} /> },
];
