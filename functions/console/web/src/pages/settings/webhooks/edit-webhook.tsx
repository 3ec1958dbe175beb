import type { Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { updateWebhook, type Webhook, webhookOptions } from "../../../api/webhooks";
import { webhooks as texts } from "../../../texts/en/webhooks";
import { announce, ConflictDialog, Form, FormActions, Section, SubmitButton, toasts } from "../../../ui";
import { useRecordForm } from "../use-record-form";
import { apiNames, type Draft, differences, draftOf, labels, rules, toUpdate } from "./draft";
import { useProjects } from "./use-projects";
import { WebhookFields } from "./webhook-fields";

/** The settings of a webhook. */
export function EditWebhook({ record }: { record: Tagged<Webhook> }) {
  const { id } = record.value;
  const { nameOf } = useProjects();
  const { form, conflict } = useRecordForm<Webhook, Draft>({
    target: `webhook:${id}`,
    record,
    initial: draftOf(record.value),
    valuesOf: draftOf,
    read: () => queryClient.fetchQuery({ ...webhookOptions(id), staleTime: 0 }),
    update: async (draft, before) => {
      const saved = await updateWebhook(id, toUpdate(draftOf(before.value), draft), before.etag);
      queryClient.setQueryData(webhookOptions(id).queryKey, saved);
      return saved;
    },
    differences: (mine, theirs) => differences(mine, theirs, nameOf),
    labels,
    apiNames,
    rules,
    onDone: ({ name }) => {
      void queryClient.invalidateQueries({ queryKey: ["webhooks"] });
      const words = texts.saved(name);
      toasts.done(words);
      announce(words);
    },
  });
  return (
    <Section title={texts.settings}>
      <Form form={form} guardsViews>
        <WebhookFields form={form} />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </Section>
  );
}
