import { useEffect, useState } from "react";
import { type LoginMethod, loginMethodOptions, updateLoginMethod } from "../../../api/login-methods";
import { isProblem, type Tagged } from "../../../api/problems";
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
  useForm,
} from "../../../ui";
import { apiNames, brokenRuleOfChange, type Draft, differences, draftOf, labels, rulesOf, toUpdate } from "./draft";
import { TenantsField } from "./tenants-field";

/** The settings that can be changed. The secret is never shown; an empty field keeps it. */
export function EditLoginMethod({ record }: { record: Tagged<LoginMethod> }) {
  // The version that was on the page when the person began; a later one is met with the conflict dialog.
  const [basis, setBasis] = useState(record);
  const [conflict, setConflict] = useState<Tagged<LoginMethod>>();
  const { id, provider } = basis.value;

  const save = async (draft: Draft, onto: Tagged<LoginMethod>) => {
    const saved = await updateLoginMethod(id, toUpdate(draft, draftOf(onto.value)), onto.etag);
    setBasis(saved);
    queryClient.setQueryData(loginMethodOptions(id).queryKey, saved);
    void queryClient.invalidateQueries({ queryKey: ["login-methods"] });
    form.restart(draftOf(saved.value));
    toasts.done(texts.saved(saved.value.name));
  };

  const form = useForm({
    initial: draftOf(record.value),
    labels,
    apiNames,
    rules: rulesOf(brokenRuleOfChange),
    send: (draft) => save(draft, basis),
    onFailure: (error) => {
      if (!isProblem(error, "precondition-failed", "changed-meanwhile")) return false;
      void queryClient
        .fetchQuery({ ...loginMethodOptions(id), staleTime: 0 })
        .then(setConflict, (failure: unknown) => form.setFailure(failure));
      return true;
    },
  });

  // An untouched form shows what was saved since, by this person's trial or by somebody else.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a newer version matters
  useEffect(() => {
    if (record.etag === basis.etag || form.isDirty()) return;
    setBasis(record);
    form.restart(draftOf(record.value));
  }, [record.etag]);

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
          <>
            <TenantsField field={form.text("tenants")} issuer={form.values.issuer} />
            <TextField
              {...form.text("identifierClaim")}
              {...word}
              help={texts.identifierClaimHelp}
              label={texts.identifierClaim}
            />
          </>
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
      <ConflictDialog
        fields={conflict ? differences(form.values, draftOf(conflict.value)) : []}
        isOpen={conflict !== undefined}
        onClose={() => setConflict(undefined)}
        onKeepMine={() => conflict && save(form.values, conflict)}
        onTakeTheirs={() => {
          if (!conflict) return;
          setBasis(conflict);
          form.restart(draftOf(conflict.value));
        }}
      />
    </Section>
  );
}
