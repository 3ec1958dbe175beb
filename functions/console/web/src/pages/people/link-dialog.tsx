import { type ChatUser, linkChatUser } from "../../api/chat-users";
import type { Tagged } from "../../api/problems";
import { useProjectId } from "../../frame/project-id";
import { decisions } from "../../texts/en/decisions";
import { peopleTexts as texts } from "../../texts/en/people";
import { FormDialog, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { EndUserField } from "../requests/end-user-field";
import { keepPerson } from "./keep";

interface Props {
  person: ChatUser;
  isOpen: boolean;
  onClose: () => void;
}

/** Finds a user of the project, and links the person to them. */
export function LinkDialog({ person, isOpen, onClose }: Props) {
  const project = useProjectId();
  const form = useForm<{ user: string }, Tagged<ChatUser>>({
    initial: { user: "" },
    labels: { user: decisions.users },
    rules: { user: (user) => (user ? undefined : decisions.chooseUser) },
    apiNames: { user: "end_user_id" },
    send: ({ user }) => linkChatUser(project, person.id, user),
    onDone: (saved) => {
      keepPerson(project, saved, texts.linked(person.display_name, saved.value.end_user?.display_name ?? ""));
      onClose();
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      submit={texts.linkAction}
      title={texts.linkTitle(person.display_name)}
    >
      <p>{texts.linkText}</p>
      <EndUserField
        endUser={form.values.user}
        error={form.errors.user}
        key={String(isOpen)}
        maySearch
        onChange={(user) => form.set("user", user)}
        project={project}
      />
    </FormDialog>
  );
}
