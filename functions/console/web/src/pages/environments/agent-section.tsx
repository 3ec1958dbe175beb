import { useState } from "react";
import { type Environment, environmentOptions, updateEnvironment } from "../../api/environments";
import type { Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { formatList } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { environments as texts } from "../../texts/en/environments";
import {
  announce,
  Button,
  Checkbox,
  ConfirmDialog,
  ConflictDialog,
  type ConflictingField,
  FieldGroup,
  Form,
  FormActions,
  Notice,
  Section,
  Stack,
  SubmitButton,
  TextField,
  toasts,
} from "../../ui";
import { useRecordForm } from "../settings/use-record-form";
import { type AgentValues, API_NAMES, changeOf, EVENTS, LABELS, RULES, valuesOf } from "./agent";
import styles from "./environments.module.css";
import { HealthDetails } from "./health";

interface Props {
  record: Tagged<Environment>;
  isReadOnly: boolean;
  onSaved: (saved: Tagged<Environment>) => void;
}

/** Endpoint and limits of the agent, with its health. */
export function AgentSection({ record, isReadOnly, onSaved }: Props) {
  const project = useProjectId();
  const { id, name, agent } = record.value;
  const { form, conflict } = useRecordForm<Environment, AgentValues>({
    target: `environment:${id}`,
    record,
    initial: valuesOf(record.value),
    valuesOf,
    read: () => queryClient.fetchQuery({ ...environmentOptions(project, id), staleTime: 0 }),
    update: async (wanted, before) => {
      const change = changeOf(before.value.agent ? valuesOf(before.value) : undefined, wanted);
      if (Object.keys(change).length === 0) return before;
      const saved = await updateEnvironment(project, id, change, before.etag);
      onSaved(saved);
      return saved;
    },
    differences: differencesOf,
    labels: LABELS,
    apiNames: API_NAMES,
    rules: RULES,
    onDone: () => {
      toasts.done(texts.saved(name));
      announce(texts.saved(name));
    },
  });
  const text = (field: keyof AgentValues) => ({ ...form.text(field), autoComplete: "off", readOnly: isReadOnly });
  return (
    <Section about={texts.agentAbout} title={texts.agent}>
      <Stack gap={5}>
        {agent ? (
          <HealthDetails health={agent.health} />
        ) : (
          <Notice>
            <p>{texts.agentAbsent}</p>
          </Notice>
        )}
        <Form form={form}>
          <TextField
            {...text("endpoint")}
            help={texts.endpointHelp}
            inputMode="url"
            label={texts.endpoint}
            spellCheck={false}
          />
          <div className={styles.thirds}>
            <TextField {...text("timeout")} help={texts.timeoutHelp} inputMode="numeric" label={texts.timeout} />
            <TextField {...text("inFlight")} help={texts.inFlightHelp} inputMode="numeric" label={texts.inFlight} />
            <TextField {...text("days")} help={texts.daysHelp} inputMode="numeric" label={texts.days} />
          </div>
          <FieldGroup error={form.errors.events} help={texts.eventsHelp} label={texts.events}>
            {EVENTS.map((event) => (
              <Checkbox
                help={<code>{event}</code>}
                isSelected={form.values.events.includes(event)}
                key={event}
                label={texts.eventNames[event]}
                name="events"
                onChange={(isChosen) => {
                  if (isReadOnly) return;
                  form.set(
                    "events",
                    EVENTS.filter((known) => (known === event ? isChosen : form.values.events.includes(known))),
                  );
                }}
              />
            ))}
          </FieldGroup>
          {!isReadOnly && (
            <FormActions>
              <SubmitButton>{texts.saveAgent}</SubmitButton>
              {agent && <RemoveAgent onSaved={onSaved} record={record} />}
            </FormActions>
          )}
          <ConflictDialog {...conflict} />
        </Form>
      </Stack>
    </Section>
  );
}

function differencesOf(mine: AgentValues, theirs: AgentValues): ConflictingField[] {
  const words = (name: keyof AgentValues, values: AgentValues) =>
    name === "events" ? formatList(values.events.map((event) => texts.eventNames[event])) : values[name];
  return (Object.keys(LABELS) as (keyof AgentValues)[])
    .map((name) => ({ label: LABELS[name], mine: words(name, mine), theirs: words(name, theirs) }))
    .filter((field) => field.mine !== field.theirs);
}

function RemoveAgent({ record, onSaved }: Pick<Props, "record" | "onSaved">) {
  const project = useProjectId();
  const { id, name } = record.value;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button changes onClick={() => setOpen(true)}>
        {texts.removeAgent}
      </Button>
      <ConfirmDialog
        action={texts.removeAgent}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={async () => {
          onSaved(await updateEnvironment(project, id, { agent: null }, record.etag));
          toasts.done(texts.removed);
        }}
        title={texts.removeAgentTitle(name)}
      >
        {texts.removeAgentText}
      </ConfirmDialog>
    </>
  );
}
