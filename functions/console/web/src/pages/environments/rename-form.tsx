import { type Environment, environmentOptions, readEnvironmentsAgain, updateEnvironment } from "../../api/environments";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { environments as texts } from "../../texts/en/environments";
import { announce, Button, ConflictDialog, Form, SubmitButton, TextField, toasts } from "../../ui";
import { useRecordForm } from "../settings/use-record-form";
import styles from "./environments.module.css";

/** Renames an environment where it stands; Esc leaves the name as it is. */
export function RenameForm({ environment, onClose }: { environment: Environment; onClose: () => void }) {
  const project = useProjectId();
  const { id } = environment;
  const { form, conflict } = useRecordForm<Environment, { name: string }>({
    target: `environment:${id}`,
    record: { value: environment, etag: undefined },
    initial: { name: environment.name },
    valuesOf: ({ name }) => ({ name }),
    read: () => queryClient.fetchQuery({ ...environmentOptions(project, id), staleTime: 0 }),
    update: ({ name }, before) => updateEnvironment(project, id, { name: name.trim() }, before.etag),
    differences: (mine, theirs) =>
      mine.name === theirs.name ? [] : [{ label: texts.name, mine: mine.name, theirs: theirs.name }],
    labels: { name: texts.name },
    rules: { name: (name) => (name.trim() ? undefined : texts.nameRequired) },
    onDone: ({ name }) => {
      toasts.done(texts.renamed(name));
      announce(texts.renamed(name));
      void readEnvironmentsAgain(project);
      onClose();
    },
    onFailure: (error) => {
      if (!isProblem(error, "name-taken")) return false;
      form.complain("name", texts.nameTaken);
      return true;
    },
  });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a key of the field within
    <div
      className={styles.rename}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !form.isBusy) onClose();
      }}
    >
      <Form form={form}>
        <div className={styles.renameLine}>
          <TextField
            {...form.text("name")}
            autoComplete="off"
            autoFocus
            dir="auto"
            hideLabel
            label={texts.renameOf(environment.name)}
            maxLength={100}
          />
          <SubmitButton>{common.save}</SubmitButton>
          <Button onClick={onClose}>{common.cancel}</Button>
        </div>
      </Form>
      <ConflictDialog {...conflict} />
    </div>
  );
}
