import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useMay } from "../../api/me";
import type { Tagged } from "../../api/problems";
import { archiveProject, projectOptions, readProjectsAgain, updateProject } from "../../api/project";
import type { Project } from "../../api/projects";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { project as texts } from "../../texts/en/project";
import {
  announce,
  Button,
  ConfirmDialog,
  ConflictDialog,
  errorText,
  Form,
  FormActions,
  Notice,
  Offer,
  Page,
  PageHeading,
  ProblemView,
  Section,
  Skeleton,
  Stack,
  SubmitButton,
  TextField,
  Time,
  toasts,
} from "../../ui";
import { useRecordForm } from "../settings/use-record-form";
import { DeleteProject } from "./delete-project";
import { API_NAMES, changeOf, type Draft, differences, draftOf, erasesMessages, LABELS, RULES } from "./draft";

/** The project as a whole: name, history, archive, deletion (U413). */
export function GeneralPage() {
  const project = useProjectId();
  const { data, error, refetch } = useQuery(projectOptions(project));
  return (
    <Page isNarrow>
      <PageHeading title={texts.title} />
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={3} />
      ) : (
        <GeneralView record={data} />
      )}
    </Page>
  );
}

function GeneralView({ record }: { record: Tagged<Project> }) {
  const mayWrite = useMay()("projects.write");
  const { archived_at } = record.value;
  return (
    <>
      {!mayWrite && (
        <Notice>
          <p>{texts.readOnly}</p>
        </Notice>
      )}
      {archived_at && (
        <Notice tone="warn">
          <p>
            {texts.isArchived} <Time as="full" at={archived_at} />. {texts.archivedChanges}
          </p>
        </Notice>
      )}
      <ProjectForm isReadOnly={!mayWrite || Boolean(archived_at)} record={record} />
      {mayWrite && <Danger project={record.value} />}
    </>
  );
}

/** A change waits for an answer; until then the form stays changed. */
class Unconfirmed extends Error {}

function ProjectForm({ record, isReadOnly }: { record: Tagged<Project>; isReadOnly: boolean }) {
  const { id } = record.value;
  const [asked, setAsked] = useState<Draft>();
  const [isAsking, setAsking] = useState(false);
  const confirmed = useRef<Draft>(undefined);
  const { form, save, conflict } = useRecordForm<Project, Draft>({
    target: `project:${id}`,
    record,
    initial: draftOf(record.value),
    valuesOf: draftOf,
    read: () => queryClient.fetchQuery({ ...projectOptions(id), staleTime: 0 }),
    update: async (wanted, before) => {
      const stored = draftOf(before.value);
      if (erasesMessages(stored, wanted) && wanted !== confirmed.current) throw new Unconfirmed();
      const change = changeOf(stored, wanted);
      if (Object.keys(change).length === 0) return before;
      const saved = await updateProject(id, change, before.etag);
      queryClient.setQueryData(projectOptions(id).queryKey, saved);
      return saved;
    },
    differences,
    labels: LABELS,
    apiNames: API_NAMES,
    rules: RULES,
    onDone: () => {
      toasts.done(texts.saved);
      announce(texts.saved);
      void readProjectsAgain();
    },
    onFailure: (error, wanted) => {
      if (!(error instanceof Unconfirmed)) return false;
      setAsked(wanted);
      setAsking(true);
      return true;
    },
  });
  return (
    <Form form={form}>
      <Section>
        <Stack gap={5}>
          <TextField
            {...form.text("name")}
            autoComplete="off"
            dir="auto"
            label={texts.name}
            maxLength={100}
            readOnly={isReadOnly}
          />
          <TextField
            {...form.text("days")}
            autoComplete="off"
            help={texts.historyHelp}
            inputMode="numeric"
            label={texts.historyDays}
            readOnly={isReadOnly}
          />
          {!isReadOnly && (
            <FormActions>
              <SubmitButton>{texts.save}</SubmitButton>
            </FormActions>
          )}
        </Stack>
      </Section>
      <ConfirmDialog
        action={texts.shortenAction}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          if (!asked) return;
          confirmed.current = asked;
          await save(asked);
        }}
        title={texts.shortenTitle}
      >
        {texts.shortenText(texts.days(Number(asked?.days ?? 0)))}
      </ConfirmDialog>
      <ConflictDialog {...conflict} />
    </Form>
  );
}

function Danger({ project }: { project: Project }) {
  const { id, name, archived_at } = project;
  const [isArchiving, setArchiving] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const restore = async () => {
    setBusy(true);
    try {
      await archiveProject(id, false);
      toasts.done(texts.restored(name));
      announce(texts.restored(name));
      await readProjectsAgain();
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section title={texts.danger}>
      <Stack>
        {archived_at ? (
          <Offer about={texts.restoreAbout} title={texts.restore}>
            <Button changes isBusy={isBusy} onClick={() => void restore()}>
              {texts.restore}
            </Button>
          </Offer>
        ) : (
          <Offer about={texts.archiveAbout} title={texts.archive}>
            <Button changes onClick={() => setArchiving(true)}>
              {texts.archive}
            </Button>
          </Offer>
        )}
        <Offer about={texts.deleteAbout} title={texts.delete}>
          <Button changes kind="danger" onClick={() => setDeleting(true)}>
            {texts.delete}
          </Button>
        </Offer>
      </Stack>
      <ConfirmDialog
        action={texts.archiveAction}
        isOpen={isArchiving}
        onClose={() => setArchiving(false)}
        onConfirm={async () => {
          await archiveProject(id, true);
          toasts.done(texts.archived(name));
          announce(texts.archived(name));
          await readProjectsAgain();
        }}
        title={texts.archiveTitle(name)}
      >
        {texts.archiveText}
      </ConfirmDialog>
      <DeleteProject isOpen={isDeleting} onClose={() => setDeleting(false)} project={project} />
    </Section>
  );
}
