import { useQuery } from "@tanstack/react-query";
import { allClientsOptions } from "../../../api/clients";
import { type Connector, type CreateConnector, createConnector } from "../../../api/connectors";
import { environmentsOptions } from "../../../api/environments";
import type { Provider } from "../../../api/providers";
import { queryClient } from "../../../api/query";
import { useProjectId } from "../../../frame/project-id";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import { unread } from "../../../texts/en/unread";
import {
  announce,
  Form,
  FormActions,
  PartProblem,
  Section,
  Select,
  SubmitButton,
  TextField,
  toasts,
  useForm,
} from "../../../ui";
import { fieldsOf } from "../connector";
import { CredentialFields } from "../credential-fields";
import {
  credentialLabels,
  credentialNames,
  credentialRules,
  credentialsGiven,
  generalLabels,
  generalNames,
  generalRules,
} from "../values";

/** The form's own values, beside the platform's fields. */
const OWN = ["name", "environment", "client"];

/** Name, place and credentials of a new connector, in the order of the platform's console. */
export function FieldsStep({ provider, onMade }: { provider: Provider; onMade: (id: string) => void }) {
  const project = useProjectId();
  const environments = useQuery(environmentsOptions(project));
  const readClients = useQuery(allClientsOptions);
  const clients = readClients.data ?? [];
  const fields = fieldsOf(provider);
  const form = useForm<Record<string, string>, Connector>({
    initial: Object.fromEntries([...OWN, ...fields.map(({ name }) => name)].map((name) => [name, ""])),
    labels: { ...generalLabels, ...credentialLabels(fields) },
    rules: { ...generalRules, ...credentialRules(fields, true) },
    apiNames: { ...generalNames, ...credentialNames(provider.provider, fields) },
    send: (values, key) => createConnector(project, bodyOf(provider.provider, values), key),
    onDone: (made) => {
      void queryClient.invalidateQueries({ queryKey: ["connectors", project] });
      toasts.done(texts.createdToast(made.name));
      announce(texts.createdToast(made.name));
      onMade(made.id);
    },
  });
  return (
    <Section about={texts.fieldsAbout} title={texts.credentials}>
      <Form form={form}>
        <TextField
          {...form.text("name")}
          autoComplete="off"
          dir="auto"
          label={texts.name}
          placeholder={texts.namePlaceholder(provider.label)}
        />
        <Select
          {...form.text("environment")}
          help={texts.environmentHelp}
          label={texts.environment}
          options={[
            { value: "", label: texts.chooseEnvironment },
            ...(environments.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []),
          ]}
        />
        <PartProblem read={environments} title={unread.environments} />
        <PartProblem read={readClients} title={unread.clients} />
        {clients.length > 1 && (
          <Select
            {...form.text("client")}
            help={texts.clientHelp}
            label={texts.client}
            options={clients.map(({ id, name, is_default }) => ({ value: is_default ? "" : id, label: name }))}
          />
        )}
        <CredentialFields fields={fields} form={form} />
        <FormActions>
          <SubmitButton>{texts.create}</SubmitButton>
        </FormActions>
      </Form>
    </Section>
  );
}

/** The connector to create. What was left empty is left to the API. */
export function bodyOf(provider: string, values: Readonly<Record<string, string>>): CreateConnector {
  const { name = "", environment = "", client, ...credentials } = values;
  return {
    name: name.trim(),
    provider,
    environment_id: environment,
    client_id: client || undefined,
    [provider]: credentialsGiven(credentials),
  } as CreateConnector;
}
