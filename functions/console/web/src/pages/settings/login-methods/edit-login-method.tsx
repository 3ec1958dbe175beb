import { type LoginMethod, loginMethodOptions, updateLoginMethod } from "../../../api/login-methods";
import type { Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import {
  ConflictDialog,
  Form,
  FormActions,
  PasswordField,
  Section,
  SubmitButton,
  TextField,
  toasts,
} from "../../../ui";
import { useRecordForm } from "../use-record-form";
import { apiNames, brokenRuleOfChange, type Draft, differences, draftOf, labels, rulesOf, toUpdate } from "./draft";

/** The settings that can be changed. The secret is never shown; an empty field keeps it. */
export function EditLoginMethod({ record }: { record: Tagged<LoginMethod> }) {
  const { id, provider } = record.value;
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

  const isOpenIdConnect = provider.kind === "open_id_connect";
  const word = { autoComplete: "off", mono: true, spellCheck: false } as const;
  return (
    <Section title={texts.settings}>
      <Form form={form} guardsViews>
        <TextField {...form.text("name")} autoComplete="off" help={texts.nameHelp} label={texts.name} maxLength={100} />
        <TextField
          {...form.text("clientId")}
          {...word}
          help={texts.credentialsHelp}
          label={texts.clientId}
          maxLength={255}
        />
        <PasswordField
          {...form.text("clientSecret")}
          autoComplete="off"
          help={texts.clientSecretKeep}
          label={texts.clientSecret}
          maxLength={1024}
          optional
        />
        {isOpenIdConnect ? (
          <TextField
            {...form.text("identifierClaim")}
            {...word}
            help={texts.identifierClaimHelp}
            label={texts.identifierClaim}
          />
        ) : (
          <>
            <TextField {...form.text("emailField")} {...word} label={texts.emailField} optional />
            <TextField {...form.text("nameField")} {...word} label={texts.nameField} optional />
          </>
        )}
        <TextField
          {...form.text("scopes")}
          {...word}
          help={isOpenIdConnect ? texts.scopesHelpOpenIdConnect : texts.scopesHelp}
          label={texts.scopes}
          optional
        />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </Section>
  );
}
