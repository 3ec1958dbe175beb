import type { AccessRequest } from "../../api/access-requests";
import { blockChatUser } from "../../api/chat-users";
import { decisions } from "../../texts/en/decisions";
import { announce, DangerDialog, TextArea, toasts, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { NOTE_MAX, noteRule } from "./note";

interface Props {
  project: string;
  request: AccessRequest | undefined;
  isOpen: boolean;
  onClose: () => void;
  onBlocked: (request: AccessRequest) => void;
}

/** Blocks whoever made a request (A45). */
export function BlockDialog({ project, request, isOpen, onClose, onBlocked }: Props) {
  const name = request?.user_name ?? "";
  const form = useForm<{ note: string }>({
    initial: { note: "" },
    labels: { note: decisions.note },
    rules: { note: noteRule },
    send: async ({ note }) => request && (await blockChatUser(project, request.chat_user_id, note.trim() || null)),
    onDone: () => {
      onClose();
      toasts.done(decisions.wasBlocked(name));
      announce(decisions.wasBlocked(name));
      if (request) onBlocked(request);
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <DangerDialog
      form={form}
      isGuarded
      isOpen={isOpen}
      onClose={onClose}
      action={decisions.blockAction}
      title={decisions.blockTitle(name)}
    >
      <p>{decisions.blockText}</p>
      <TextArea {...form.text("note")} help={decisions.noteHelp} label={decisions.note} limit={NOTE_MAX} rows={2} />
    </DangerDialog>
  );
}
