import { useEffect, useState } from "react";
import { type Client, deleteClient } from "../../../api/clients";
import { isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { clientTexts as texts } from "../../../texts/en/clients";
import { announce, ConfirmDialog, Stack, toasts } from "../../../ui";
import { ObstacleList } from "../obstacle-list";
import { inTheWay } from "./in-the-way";

/** Asks before a client is deleted. What the API finds in the way is named. */
export function DeleteClient(props: { client: Client | undefined; isOpen: boolean; onClose: () => void }) {
  const { client, isOpen, onClose } = props;
  const [refusal, setRefusal] = useState<unknown>();
  useEffect(() => {
    if (isOpen) setRefusal(undefined);
  }, [isOpen]);
  const name = client?.name ?? "";

  const remove = async () => {
    if (!client) return;
    setRefusal(undefined);
    try {
      await deleteClient(client.id);
    } catch (error) {
      if (isProblem(error, "client-in-use")) setRefusal(error);
      throw error;
    }
    for (const key of ["clients", "client", "members", "member", "me"]) {
      void queryClient.invalidateQueries({ queryKey: [key] });
    }
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
        <ObstacleList obstacles={inTheWay(refusal, "connectors")} title={texts.inUseConnectors} />
      </Stack>
    </ConfirmDialog>
  );
}
