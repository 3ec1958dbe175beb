import { useQuery } from "@tanstack/react-query";
import { allClientsOptions } from "../../api/clients";
import { type Connector, tryConnector } from "../../api/connectors";
import { environmentsOptions } from "../../api/environments";
import type { Tagged } from "../../api/problems";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { unread } from "../../texts/en/unread";
import {
  ConflictDialog,
  Form,
  FormActions,
  Notice,
  PartProblem,
  Section,
  Select,
  SubmitButton,
  TextField,
} from "../../ui";
import { fixedReason } from "./connector";
import { useSectionForm } from "./use-section-form";
import { generalChange, generalLabels, generalNames, generalOf, generalRules } from "./values";

/** Name, environment and client of a connector. */
export function GeneralSection({ record }: { record: Tagged<Connector> }) {
  const project = useProjectId();
  const readEnvironments = useQuery(environmentsOptions(project));
  const readClients = useQuery(allClientsOptions);
  const environments = readEnvironments.data ?? [];
  const clients = readClients.data ?? [];
  const nameOf = (items: readonly { id: string; name: string }[], id: string) =>
    items.find((item) => item.id === id)?.name ?? common.ellipsis;
  const { form, conflict } = useSectionForm({
    record,
    valuesOf: generalOf,
    changeOf: generalChange,
    labels: generalLabels,
    apiNames: generalNames,
    rules: generalRules,
    words: (name, values) => {
      if (name === "environment") return nameOf(environments, values.environment);
      return name === "client" ? nameOf(clients, values.client) : values.name;
    },
  });
  const clientFixed = fixedReason(record.value.provider, "client");
  const isMoved = form.values.environment !== record.value.environment_id;
  return (
    <Section title={texts.general}>
      <Form form={form}>
        <TextField {...form.text("name")} autoComplete="off" dir="auto" label={texts.name} />
        <Select
          {...form.text("environment")}
          help={texts.environmentHelp}
          label={texts.environment}
          options={environments.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <PartProblem read={readEnvironments} title={unread.environments} />
        {isMoved && <MoveNotice connector={record.value.id} environment={form.values.environment} />}
        {clientFixed ? (
          <TextField
            {...form.text("client")}
            help={clientFixed}
            label={texts.client}
            readOnly
            value={nameOf(clients, form.values.client)}
          />
        ) : (
          <Select
            {...form.text("client")}
            help={texts.clientHelp}
            label={texts.client}
            options={clients.map(({ id, name }) => ({ value: id, label: name }))}
          />
        )}
        <PartProblem read={readClients} title={unread.clients} />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </Section>
  );
}

/** The requests that a move to another environment closes. */
function MoveNotice({ connector, environment }: { connector: string; environment: string }) {
  const project = useProjectId();
  const effects = useQuery({
    queryKey: ["policy-effects", project, connector, environment],
    queryFn: ({ signal }) => tryConnector(project, connector, { environment_id: environment }, signal),
    staleTime: 0,
    gcTime: 0,
  });
  const closed = effects.data?.pending_requests_closed;
  if (!closed) return <PartProblem read={effects} title={unread.effects} />;
  return (
    <Notice tone="warn">
      <p>{texts.moved(formatCount(closed), closed.count === 1 && !closed.more)}</p>
    </Notice>
  );
}
