import { deleteEndUser, type EndUser, readUsersAgain } from "../../api/end-users";
import { useProjectId } from "../../frame/project-id";
import { endUsers as texts } from "../../texts/en/end-users";
import { announce, ConfirmDialog, Stack, toasts } from "../../ui";
import { nameOf } from "./names";

interface Props {
  user: EndUser | undefined;
  /** Erases the chat users that the user is, too. */
  erases?: boolean;
  isOpen: boolean;
  onClose: () => void;
  /** Leaves what shows the user. */
  onDeleted?: () => Promise<void>;
}

/** Asks before a user is deleted, and says what is lost (U409). */
export function DeleteDialog({ user, erases = false, isOpen, onClose, onDeleted }: Props) {
  const project = useProjectId();
  const name = user ? nameOf(user) : "";
  const remove = async () => {
    if (!user) return;
    await deleteEndUser(project, user.id, erases);
    const outcome = erases ? texts.erased(name) : texts.deleted(name);
    toasts.done(outcome);
    announce(outcome);
    await onDeleted?.();
    await readUsersAgain(project);
  };
  return (
    <ConfirmDialog
      action={erases ? texts.eraseAction : texts.remove}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={remove}
      title={erases ? texts.eraseTitle(name) : texts.deleteTitle(name)}
    >
      <Stack gap={3}>
        <p>{erases ? texts.eraseText(name) : texts.deleteText(name)}</p>
        <p>{texts.deleteBlock}</p>
      </Stack>
    </ConfirmDialog>
  );
}
