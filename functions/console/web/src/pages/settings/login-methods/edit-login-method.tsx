import { type LoginMethod, loginMethodOptions, updateLoginMethod } from "../../../api/login-methods";
import type { Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import { ConflictDialog, Form, FormActions, Section, SubmitButton, toasts } from "../../../ui";
import { useRecordForm } from "../use-record-form";
import { apiNames, brokenRuleOfChange, type Draft, differences, draftOf, labels, rulesOf, toUpdate } from "./draft";
import { CredentialFields, IdentityFields, NameField } from "./fields";

/** The settings that can be changed. The secret is never shown; an empty field keeps it. */
export function EditLoginMethod({ record }: { record: Tagged<LoginMethod> }) {
  const { id } = record.value;
  const { form, conflict } = useRecordForm<LoginMethod, Draft>({
    target: `login_method:${id}`,
    record,
    initial: draftOf(record.value),
    valuesOf: draftOf,
    read: () => queryClient.fetchQuery({ ...loginMethodOptions(id), staleTime: 0 }),
    update: async (draft, before) => {
      const saved = await updateLoginMethod(id, toUpdate(draft, draftOf(before.value)), before.etag);
      queryClient.setQueryData(loginMethodOptions(id).queryKey, saved);
      return saved;
    },
    differences,
    labels,
    apiNames,
    rules: rulesOf(brokenRuleOfChange),
    onDone: ({ name }) => {
      void queryClient.invalidateQueries({ queryKey: ["login-methods"] });
      toasts.done(texts.saved(name));
    },
  });

  return (
    <Section title={texts.settings}>
      <Form form={form} guardsViews>
        <NameField form={form} />
        <CredentialFields form={form} />
        <IdentityFields form={form} />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </Section>
  );
}
