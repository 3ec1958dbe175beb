import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useAccount } from "../../../api/me";
import { isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { deleteRole, type Role } from "../../../api/roles";
import { roleTexts as texts } from "../../../texts/en/roles";
import { announce, Button, ConfirmDialog, Dialog, looks, Stack, toasts } from "../../../ui";
import styles from "./roles.module.css";

interface Named {
  id: string;
  name: string;
}

interface Props {
  role: Role | undefined;
  /** Members who hold it, as far as known. */
  holders: readonly Named[];
  isOpen: boolean;
  onClose: () => void;
}

const NAMED = 10;

/** Asks before a role is deleted; one that somebody holds stays, and its holders are named. */
export function DeleteRole({ role, holders, isOpen, onClose }: Props) {
  // Somebody may have been given the role since the list was read.
  const [refused, setRefused] = useState<readonly Named[]>([]);
  useEffect(() => {
    if (isOpen) setRefused([]);
  }, [isOpen]);
  const inTheWay = refused.length > 0 ? refused : holders;
  const name = role?.name ?? "";

  const remove = async () => {
    if (!role) return;
    try {
      await deleteRole(role.key);
    } catch (error) {
      if (isProblem(error, "role-in-use")) setRefused(error.body.members ?? []);
      throw error;
    }
    await queryClient.invalidateQueries({ queryKey: ["roles"] });
    toasts.done(texts.deleted(name));
    announce(texts.deleted(name));
  };

  return (
    <>
      <ConfirmDialog
        action={texts.deleteAction}
        isOpen={isOpen && inTheWay.length === 0}
        onClose={onClose}
        onConfirm={remove}
        title={texts.deleteTitle(name)}
      >
        {texts.deleteText}
      </ConfirmDialog>
      <Dialog
        actions={<Button onClick={onClose}>{texts.close}</Button>}
        isOpen={isOpen && inTheWay.length > 0}
        onClose={onClose}
        size="small"
        title={texts.inUseTitle(name)}
      >
        <Stack gap={3}>
          <p>{texts.inUse(inTheWay.length)}</p>
          <Holders holders={inTheWay} role={role} />
        </Stack>
      </Dialog>
    </>
  );
}

function Holders({ holders, role }: { holders: readonly Named[]; role: Role | undefined }) {
  const account = useAccount();
  const params = { account: account.id };
  return (
    <>
      <ul className={styles.list}>
        {holders.slice(0, NAMED).map(({ id, name }) => (
          <li key={id}>
            <Link params={{ ...params, id }} to="/a/$account/settings/users/$id">
              <bdi>{name}</bdi>
            </Link>
          </li>
        ))}
        {holders.length > NAMED && <li>{texts.more(holders.length - NAMED)}</li>}
      </ul>
      <div>
        <Link
          className={looks({ small: true })}
          params={params}
          search={{ role: role?.key }}
          to="/a/$account/settings/users"
        >
          {texts.showAll}
        </Link>
      </div>
    </>
  );
}
