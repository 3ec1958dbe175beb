import { Link } from "@tanstack/react-router";
import { useAccount } from "../../../api/me";
import { queryClient } from "../../../api/query";
import { createWebhook, type SignedWebhook } from "../../../api/webhooks";
import { common } from "../../../texts/en/common";
import { webhooks as texts } from "../../../texts/en/webhooks";
import { Form, FormActions, looks, Page, PageHeading, Section, SubmitButton, useForm } from "../../../ui";
import { apiNames, type Draft, labels, NEW, rules, toCreate } from "./draft";
import { ToList } from "./to-list";
import { WebhookFields } from "./webhook-fields";

/** The form for a new webhook. */
export function NewWebhook({ onCreated }: { onCreated: (made: SignedWebhook) => void }) {
  const account = useAccount().id;
  const form = useForm<Draft, SignedWebhook>({
    initial: NEW,
    labels,
    apiNames,
    rules,
    send: (draft, idempotencyKey) => createWebhook(toCreate(draft), idempotencyKey),
    onDone: (made) => {
      void queryClient.invalidateQueries({ queryKey: ["webhooks"] });
      onCreated(made);
    },
  });
  return (
    <Page isNarrow>
      <ToList />
      <PageHeading about={texts.newAbout} title={texts.newTitle} />
      <Form form={form} guardsViews>
        <Section>
          <WebhookFields form={form} />
        </Section>
        <FormActions>
          <SubmitButton>{texts.submit}</SubmitButton>
          <Link className={looks({})} params={{ account }} search={{}} to="/a/$account/settings/webhooks">
            {common.cancel}
          </Link>
        </FormActions>
      </Form>
    </Page>
  );
}
