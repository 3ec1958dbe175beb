import type { ReactNode } from "react";
import type { ChatUser } from "../../api/chat-users";
import type { Tagged } from "../../api/problems";
import { useProjectId } from "../../frame/project-id";
import { peopleTexts as texts } from "../../texts/en/people";
import { DangerDialog, TextArea, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { NOTE_MAX, noteRule } from "../requests/note";
import { keepPerson } from "./keep";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  action: string;
  /** The outcome in words. */
  done: string;
  send: (note: string | null) => Promise<Tagged<ChatUser>>;
  children: ReactNode;
}

/** Asks, with a note for other admins, before something is taken from a person. */
export function NoteDialog({ isOpen, onClose, title, action, done, send, children }: Props) {
  const project = useProjectId();
  const form = useForm<{ note: string }, Tagged<ChatUser>>({
    initial: { note: "" },
    labels: { note: texts.note },
    rules: { note: noteRule },
    send: ({ note }) => send(note.trim() || null),
    onDone: (saved) => {
      keepPerson(project, saved, done);
      onClose();
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <DangerDialog action={action} form={form} isGuarded isOpen={isOpen} onClose={onClose} title={title}>
      {children}
      <TextArea {...form.text("note")} help={texts.noteHelp} label={texts.note} limit={NOTE_MAX} optional rows={2} />
    </DangerDialog>
  );
}
