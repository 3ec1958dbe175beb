import type { AccessRequest } from "../../api/access-requests";
import { decide } from "../../api/request-decisions";
import { decisions } from "../../texts/en/decisions";
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
    labels: { note: decisions.note },
    rules: { note: noteRule },
    send: async ({ note }) => request && (await decide(project, request.id, "revoke", { note: note.trim() || null })),
    onDone: (revoked) => {
      onClose();
      if (!revoked) return;
      toasts.done(decisions.revoked(name));
      announce(decisions.revoked(name));
      onRevoked(revoked);
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <DangerDialog
      form={form}
      isGuarded
      isOpen={isOpen}
      onClose={onClose}
      action={decisions.revokeAction}
      title={decisions.revokeTitle(name)}
    >
      <p>{decisions.revokeText(name, request?.environment_name ?? "")}</p>
      <p>
        {decisions.revokeMore}
        {request?.end_user && ` ${decisions.revokeLinked(request.end_user.display_name)}`}
      </p>
      <TextArea {...form.text("note")} help={decisions.noteHelp} label={decisions.note} limit={NOTE_MAX} rows={2} />
    </DangerDialog>
  );
}
