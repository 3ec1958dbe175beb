import { useEffect, useState } from "react";
import { type Member, removeMember } from "../../../api/members";
import { queryClient } from "../../../api/query";
import { formatList } from "../../../format";
import { goTo } from "../../../navigation";
import { users as texts } from "../../../texts/en/users";
import { announce, Checkbox, ConfirmDialog, Stack, toasts } from "../../../ui";
import { readTeamAgain } from "./use-invitations";
import { useOpenConversations } from "./work/open-conversations";

interface Props {
  member: Member | undefined;
  isOpen: boolean;
  onClose: () => void;
  onRemoved?: () => void;
}

/** Asks before a member is removed, or leaves, and says what ends. */
export function RemoveDialog({ member, isOpen, onClose, onRemoved }: Props) {
  const [withInvitations, setWithInvitations] = useState(false);
  useEffect(() => {
    if (isOpen) setWithInvitations(false);
  }, [isOpen]);
  const name = member?.name ?? "";
  const isLeaving = member?.is_you ?? false;
  const count = useOpenConversations(member?.id, isOpen);

  const remove = async () => {
    if (!member) return;
    const { ended } = await removeMember(member.id, withInvitations);
    if (isLeaving) {
      queryClient.clear();
      goTo("/console/");
      return;
    }
    const also = [
      ended.api_keys > 0 ? texts.endedKeys(ended.api_keys) : undefined,
      ended.invitations > 0 ? texts.endedInvitations(ended.invitations) : undefined,
    ].filter((words) => words !== undefined);
    const outcome = [texts.removed(name), ...(also.length > 0 ? [formatList(also)] : [])].join(". ");
    toasts.done(outcome);
    announce(outcome);
    onRemoved?.();
    await readTeamAgain();
  };

  return (
    <ConfirmDialog
      action={isLeaving ? texts.leave : texts.removeAction}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={remove}
      title={isLeaving ? texts.leaveTitle : texts.removeTitle(name)}
    >
      <Stack gap={3}>
        {isLeaving ? (
          <p>{texts.leaveText}</p>
        ) : (
          <>
            <p>{texts.removeText(name, count > 0 ? texts.removeQueued(count) : "")}</p>
            <p>
              {texts.removeKeys} {texts.removeOther}
            </p>
          </>
        )}
        <Checkbox
          help={texts.revokeTheirsHelp}
          isSelected={withInvitations}
          label={isLeaving ? texts.revokeYours : texts.revokeTheirs}
          onChange={setWithInvitations}
        />
      </Stack>
    </ConfirmDialog>
  );
}
