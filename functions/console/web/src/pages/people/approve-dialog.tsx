import { useQuery } from "@tanstack/react-query";
import { approveChatUser, type ChatUser, chatUserOptions } from "../../api/chat-users";
import { environmentsOptions } from "../../api/environments";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { peopleTexts as texts } from "../../texts/en/people";
import { FormDialog, Select, TextArea, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { readPeopleAgain, tell } from "./keep";
import { NOTE_MAX, noteRule } from "./note";
import { environmentsLeft } from "./people";

interface Props {
  person: ChatUser;
  isOpen: boolean;
  onClose: () => void;
}

/** Approves a person directly, also after a rejection (B40). */
export function ApproveDialog({ person, isOpen, onClose }: Props) {
  const project = useProjectId();
  const environments = useQuery(environmentsOptions(project)).data ?? [];
  const left = environmentsLeft(environments, person.environments);
  const initial = { environment: left.length === 1 ? (left[0]?.id ?? "") : "", note: "" };
  const form = useForm({
    initial,
    labels: { environment: texts.environment, note: texts.note },
    rules: { environment: (id) => (id ? undefined : texts.environmentRule), note: noteRule },
    apiNames: { environment: "environment_id" },
    send: ({ environment, note }) =>
      approveChatUser(project, person.id, { environment_id: environment, note: note.trim() || null }),
    onDone: () => {
      void queryClient.invalidateQueries({ queryKey: chatUserOptions(project, person.id).queryKey });
      readPeopleAgain(project);
      tell(texts.approved(person.display_name));
      onClose();
    },
  });
  useOnOpen(isOpen, () => form.restart(initial));
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      submit={texts.approveAction}
      title={texts.approveTitle(person.display_name)}
    >
      <p>{texts.approveText}</p>
      <Select
        {...form.text("environment")}
        label={texts.environment}
        options={[
          { value: "", label: texts.chooseEnvironment },
          ...left.map(({ id, name }) => ({ value: id, label: name })),
        ]}
      />
      <TextArea {...form.text("note")} help={texts.noteHelp} label={texts.note} limit={NOTE_MAX} optional rows={2} />
    </FormDialog>
  );
}
