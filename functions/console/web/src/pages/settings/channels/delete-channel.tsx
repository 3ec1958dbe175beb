import { useState } from "react";
import { type Channel, deleteChannel } from "../../../api/channels";
import { queryClient } from "../../../api/query";
import { channelTexts as texts } from "../../../texts/en/channels";
import { announce, ConfirmDialog, Stack, toasts } from "../../../ui";
import { useOnOpen } from "../../../ui/use-on-open";
import { inTheWay } from "../clients/in-the-way";
import { ObstacleList } from "../obstacle-list";

/** Asks before a channel is deleted. What the API finds in the way is named. */
export function DeleteChannel(props: { channel: Channel | undefined; isOpen: boolean; onClose: () => void }) {
  const { channel, isOpen, onClose } = props;
  const [refusal, setRefusal] = useState<unknown>();
  useOnOpen(isOpen, () => setRefusal(undefined));
  const name = channel?.name ?? "";

  const remove = async () => {
    if (!channel) return;
    setRefusal(undefined);
    try {
      await deleteChannel(channel.key);
    } catch (error) {
      setRefusal(error);
      throw error;
    }
    void queryClient.invalidateQueries({ queryKey: ["channels"] });
    toasts.done(texts.deleted(name));
    announce(texts.deleted(name));
  };

  return (
    <ConfirmDialog
      action={texts.deleteAction}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={remove}
      title={texts.deleteTitle(name)}
    >
      <Stack gap={3}>
        {refusal === undefined && <p>{texts.deleteText}</p>}
        <ObstacleList obstacles={inTheWay(refusal, "members")} title={texts.inUseMembers} toUser />
        <ObstacleList obstacles={inTheWay(refusal, "clients")} title={texts.inUseClients} />
      </Stack>
    </ConfirmDialog>
  );
}
