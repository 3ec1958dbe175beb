import { useAccount } from "../../api/me";
import { isProblem } from "../../api/problems";
import { deleteProject } from "../../api/project";
import { archivedProjectsOptions, type Project, projectsOptions } from "../../api/projects";
import { queryClient } from "../../api/query";
import { goTo } from "../../navigation";
import { storage } from "../../storage";
import { project as texts } from "../../texts/en/project";
import { announce, DangerDialog, TextField, toasts, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { withNames } from "../../ui/with-names";

interface Props {
  project: Project;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks for the project's name before it is deleted with everything in it (SPEC C63). */
export function DeleteProject({ project, isOpen, onClose }: Props) {
  const account = useAccount().id;
  const { id, name } = project;
  const form = useForm({
    initial: { name: "" },
    labels: { name: texts.deleteName },
    rules: { name: (value) => (value.trim() === name ? undefined : texts.deleteNameRule(name)) },
    send: () => deleteProject(id, name),
    onDone: () => {
      toasts.done(texts.deleted(name));
      announce(texts.deleted(name));
      onClose();
      storage.set("project", null);
      // The way to the start must not lead back to what is gone.
      for (const { queryKey } of [projectsOptions, archivedProjectsOptions]) {
        queryClient.setQueryData(queryKey, (known) => known?.filter((one) => one.id !== id));
      }
      goTo(`/console/a/${account}`);
    },
    onFailure: (error) => {
      if (!isProblem(error, "other-name")) return false;
      form.complain("name", texts.otherName);
      return true;
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <DangerDialog action={texts.delete} form={form} isOpen={isOpen} onClose={onClose} title={texts.deleteTitle(name)}>
      <p>{texts.deleteEnds}</p>
      <TextField
        {...form.text("name")}
        autoCapitalize="off"
        autoComplete="off"
        dir="auto"
        help={withNames(texts.deleteNameHelp, { name })}
        label={texts.deleteName}
        spellCheck={false}
      />
    </DangerDialog>
  );
}
