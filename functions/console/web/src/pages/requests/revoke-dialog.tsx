import { type AccessRequest, decide } from "../../api/access-requests";
import { requests as texts } from "../../texts/en/requests";
import { announce, DangerDialog, TextArea, toasts, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { NOTE_MAX, noteRule } from "./note";

interface Props {
  project: string;
  request: AccessRequest | undefined;
  isOpen: boolean;
  onClose: () => void;
  onRevoked: (request: AccessRequest) => void;
}

/** Takes the access back that an approval gave (U209, B33). */
export function RevokeDialog({ project, request, isOpen, onClose, onRevoked }: Props) {
  const name = request?.user_name ?? "";
  const form = useForm<{ note: string }, AccessRequest | undefined>({
    initial: { note: "" },
    labels: { note: texts.note },
    rules: { note: noteRule },
    send: async ({ note }) => request && (await decide(project, request.id, "revoke", { note: note.trim() || null })),
    onDone: (revoked) => {
      onClose();
      if (!revoked) return;
      toasts.done(texts.revoked(name));
      announce(texts.revoked(name));
      onRevoked(revoked);
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <DangerDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      action={texts.revokeAction}
      title={texts.revokeTitle(name)}
    >
      <p>{texts.revokeText(name, request?.environment_name ?? "")}</p>
      <p>
        {texts.revokeMore}
        {request?.end_user && ` ${texts.revokeLinked(request.end_user.display_name)}`}
      </p>
      <TextArea {...form.text("note")} help={texts.noteHelp} label={texts.note} limit={NOTE_MAX} rows={2} />
    </DangerDialog>
  );
}
