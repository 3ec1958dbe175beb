import { useQuery } from "@tanstack/react-query";
import { approveChatUser, type ChatUser, chatUserOptions } from "../../api/chat-users";
import { environmentsOptions } from "../../api/environments";
import { useMay } from "../../api/me";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { decisions } from "../../texts/en/decisions";
import { peopleTexts as texts } from "../../texts/en/people";
import { unread } from "../../texts/en/unread";
import { FormDialog, PartProblem, Select, TextArea, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { type DirectoryValues, directoryBody, initialDirectory } from "../requests/directory";
import { DirectoryField } from "../requests/directory-field";
import { NOTE_MAX, noteRule } from "../requests/note";
import { readPeopleAgain, tell } from "./keep";
import { environmentsLeft } from "./people";

interface Values extends DirectoryValues {
  environment: string;
  note: string;
}

interface Props {
  person: ChatUser;
  isOpen: boolean;
  onClose: () => void;
}

/** Approves a person directly, also after a rejection (B40). */
export function ApproveDialog({ person, isOpen, onClose }: Props) {
  const project = useProjectId();
  const environments = useQuery(environmentsOptions(project));
  const left = environmentsLeft(environments.data ?? [], person.environments);
  const isLinked = person.end_user != null;
  const mayLink = useMay()("end_users.write");
  const initial: Values = {
    environment: left.length === 1 ? (left[0]?.id ?? "") : "",
    note: "",
    ...initialDirectory(undefined, mayLink),
  };
  const form = useForm({
    initial,
    labels: {
      environment: texts.environment,
      note: texts.note,
      directory: decisions.directory,
      endUser: decisions.chooseUser,
    },
    rules: {
      environment: (id) => (id ? undefined : texts.environmentRule),
      note: noteRule,
      endUser: (id, { directory }) =>
        !isLinked && directory === "add_to_existing" && id === "" ? decisions.chooseUser : undefined,
    },
    apiNames: { environment: "environment_id", endUser: "directory.end_user_id" },
    send: ({ environment, note, ...choice }) =>
      approveChatUser(project, person.id, {
        environment_id: environment,
        note: note.trim() || null,
        ...(!isLinked && directoryBody(choice)),
      }),
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
      <PartProblem read={environments} title={unread.environments} />
      <DirectoryField
        error={form.errors.endUser}
        linked={person.end_user}
        onDirectory={(directory) => form.set("directory", directory)}
        onEndUser={(id) => form.set("endUser", id)}
        project={project}
        suggested={undefined}
        values={form.values}
      />
      <TextArea {...form.text("note")} help={texts.noteHelp} label={texts.note} limit={NOTE_MAX} optional rows={2} />
    </FormDialog>
  );
}
