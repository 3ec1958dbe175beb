import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { type Client, deleteClient } from "../../../api/clients";
import { useAccount } from "../../../api/me";
import { isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { clientTexts as texts } from "../../../texts/en/clients";
import { announce, ConfirmDialog, Stack, toasts } from "../../../ui";
import styles from "./clients.module.css";
import { inTheWay } from "./in-the-way";

/** Asks before a client is deleted. What the API finds in the way is named. */
export function DeleteClient(props: { client: Client | undefined; isOpen: boolean; onClose: () => void }) {
  const { client, isOpen, onClose } = props;
  const account = useAccount();
  const [refusal, setRefusal] = useState<unknown>();
  useEffect(() => {
    if (isOpen) setRefusal(undefined);
  }, [isOpen]);
  const name = client?.name ?? "";
  const members = inTheWay(refusal, "members");
  const connectors = inTheWay(refusal, "connectors");

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
        {members.length > 0 && (
          <div>
            <h3>{texts.inUseMembers}</h3>
            <ul className={styles.list}>
              {members.map((member) => (
                <li key={member.id}>
                  <Link params={{ account: account.id, id: member.id }} to="/a/$account/settings/users/$id">
                    <bdi>{member.name}</bdi>
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        )}
        {connectors.length > 0 && (
          <div>
            <h3>{texts.inUseConnectors}</h3>
            <ul className={styles.list}>
              {connectors.map((connector) => (
                <li key={connector.id}>
                  <bdi>{connector.name}</bdi>
                </li>
              ))}
            </ul>
          </div>
        )}
      </Stack>
    </ConfirmDialog>
  );
}
