import { useAccount } from "../api/me";
import { createProject, readProjectsAgain } from "../api/project";
import { goTo } from "../navigation";
import { project as texts } from "../texts/en/project";
import { announce, FormDialog, TextField, toasts, useForm } from "../ui";
import { useOnOpen } from "../ui/use-on-open";

/** Makes a project, and leads to it. */
export function NewProjectDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const account = useAccount().id;
  const form = useForm({
    initial: { name: "" },
    labels: { name: texts.name },
    rules: { name: (name) => (name.trim() ? undefined : texts.nameRequired) },
    send: async ({ name }, idempotencyKey) => {
      const made = await createProject(name.trim(), idempotencyKey);
      // The page to which this leads finds the project in the list.
      await readProjectsAgain();
      return made;
    },
    onDone: ({ id, name }) => {
      toasts.done(texts.created(name));
      announce(texts.created(name));
      goTo(`/console/a/${account}/p/${id}/requests`);
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      size="small"
      submit={texts.createAction}
      title={texts.createTitle}
    >
      <TextField
        {...form.text("name")}
        autoComplete="off"
        autoFocus
        dir="auto"
        help={texts.createHelp}
        label={texts.name}
        maxLength={100}
      />
    </FormDialog>
  );
}
