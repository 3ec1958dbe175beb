import { useEffect } from "react";
import type { Connector, SetUpOutcome } from "../../api/connectors";
import type { Tagged } from "../../api/problems";
import type { Provider } from "../../api/providers";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { ConflictDialog, Form, FormActions, Section, SubmitButton } from "../../ui";
import { fieldOfOutcome, fieldsOf, isOwnSystem } from "./connector";
import { CredentialFields } from "./credential-fields";
import { useSectionForm } from "./use-section-form";
import {
  type Credentials,
  credentialLabels,
  credentialNames,
  credentialRules,
  credentialsChange,
  credentialsOf,
  wordOf,
} from "./values";

interface Props {
  record: Tagged<Connector>;
  provider: Provider;
  /** The platform's latest answer, which may name a field. */
  outcome?: SetUpOutcome | undefined;
  onSaved?: () => void;
}

/** Credentials of the connector at the platform. A test that failed marks its field here (U307). */
export function CredentialsSection({ record, provider, outcome, onSaved }: Props) {
  const fields = fieldsOf(provider);
  const labels = credentialLabels(fields);
  const { form, conflict } = useSectionForm<Credentials>({
    record,
    valuesOf: (connector) => credentialsOf(connector, fields),
    changeOf: (before, wanted) => credentialsChange(provider.provider, fields, before, wanted),
    labels,
    apiNames: credentialNames(provider.provider, fields),
    rules: credentialRules(fields, false),
    words: (name, values) => {
      const isSecret = fields.some((field) => field.name === name && field.secret);
      return isSecret ? (values[name] ? texts.secretNew : texts.secretKept) : wordOf(values[name]);
    },
    onSaved,
  });

  const named = fieldOfOutcome(outcome?.field);
  const complaint =
    outcome?.status === "failed" && named && outcome.problem ? { field: named, words: outcome.problem } : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer of the platform
  useEffect(() => {
    if (complaint) requestAnimationFrame(() => form.focus(complaint.field));
  }, [outcome]);

  return (
    <Section
      about={isOwnSystem(provider.provider) ? texts.credentialsOwn : texts.credentialsAbout}
      title={texts.credentials}
    >
      <Form form={form}>
        <CredentialFields complaint={complaint} connector={record.value} fields={fields} form={form} />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </Section>
  );
}
