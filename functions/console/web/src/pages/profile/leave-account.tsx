import { useRouter } from "@tanstack/react-router";
import { currentAccount, setAccount } from "../../api/client";
import { type Me, meOptions, useMe } from "../../api/me";
import { leaveAccount } from "../../api/own-login";
import { queryClient } from "../../api/query";
import { preferredAccount } from "../../preferred-account";
import { storage } from "../../storage";
import { ownLogin as texts } from "../../texts/en/own-login";
import { announce, ConfirmDialog, Stack, toasts } from "../../ui";
import { explainLastAdmin } from "./refusals";

interface Props {
  account: Me["accounts"][number] | undefined;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before the person leaves an account, and says what ends. */
export function LeaveAccount({ account, isOpen, onClose }: Props) {
  const router = useRouter();
  const { accounts } = useMe();
  const name = account?.name ?? "";

  const leave = async () => {
    if (!account) return;
    try {
      await leaveAccount(account.id);
    } catch (error) {
      throw explainLastAdmin(error);
    }
    if (account.id === currentAccount()) {
      // The page goes on with another account, or with none.
      storage.set("account", null);
      setAccount(preferredAccount(accounts.filter(({ id }) => id !== account.id)));
      queryClient.removeQueries({ type: "inactive" });
    }
    await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
    await router.invalidate();
    toasts.done(texts.left(name));
    announce(texts.left(name));
    document.getElementById("content")?.focus();
  };

  return (
    <ConfirmDialog
      action={texts.leaveAction(name)}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={leave}
      title={texts.leaveTitle(name)}
    >
      <Stack gap={3}>
        <p>{texts.leaveText}</p>
        <p>{texts.leaveRest}</p>
      </Stack>
    </ConfirmDialog>
  );
}
