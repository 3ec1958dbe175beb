import { useQuery } from "@tanstack/react-query";
import { type EventType, eventTypesOptions } from "../../../api/webhooks";
import { unread } from "../../../texts/en/unread";
import { webhooks as texts } from "../../../texts/en/webhooks";
import {
  Checkbox,
  FieldGroup,
  Icon,
  PartProblem,
  ProblemView,
  RadioGroup,
  Select,
  Skeleton,
  TextField,
  type useForm,
} from "../../../ui";
import { byArea, type Draft, reachable } from "./draft";
import { useProjects } from "./use-projects";
import styles from "./webhooks.module.css";

type WebhookForm = ReturnType<typeof useForm<Draft>>;

/** Name, address, limit and events. */
export function WebhookFields({ form }: { form: Pick<WebhookForm, "values" | "errors" | "text" | "set"> }) {
  const { projects, read, nameOf } = useProjects();
  const { values, errors } = form;
  const catalogue = useQuery(eventTypesOptions);
  const types = catalogue.data?.items ?? [];
  const limit = (project: string) => {
    form.set("project", project);
    form.set("events", reachable(values.events, types, project));
  };
  const known = projects.map(({ id, name }) => ({ value: id, label: name }));
  // The limit stays in sight where its project is archived or out of reach.
  const isUnknown = values.project !== "" && !projects.some(({ id }) => id === values.project);
  const others = isUnknown ? [{ value: values.project, label: nameOf(values.project) }] : [];
  return (
    <div className={styles.fields}>
      <TextField
        {...form.text("name")}
        autoComplete="off"
        dir="auto"
        help={texts.nameHelp}
        label={texts.name}
        maxLength={100}
      />
      <TextField
        {...form.text("url")}
        autoComplete="off"
        help={texts.urlHelp}
        inputMode="url"
        label={texts.url}
        mono
        spellCheck={false}
      />
      <Select
        error={errors.project}
        help={texts.scopeHelp}
        label={texts.scope}
        name="project"
        onChange={limit}
        options={[{ value: "", label: texts.wholeAccount }, ...known, ...others]}
        value={values.project}
      />
      <PartProblem read={read} title={unread.projects} />
      <RadioGroup
        error={errors.which}
        help={texts.eventsHelp}
        label={texts.events}
        name="which"
        onChange={(which) => form.set("which", which === "all" ? "all" : "chosen")}
        options={[
          { value: "all", label: texts.everyEvent, help: texts.everyEventHelp },
          { value: "chosen", label: texts.chosenEvents, help: texts.chosenEventsHelp },
        ]}
        value={values.which}
      />
      {values.which === "chosen" &&
        (catalogue.error && !catalogue.data ? (
          <ProblemView error={catalogue.error} retry={() => void catalogue.refetch()} />
        ) : !catalogue.data ? (
          <Skeleton rows={6} />
        ) : (
          <Types
            error={errors.events}
            isLimited={values.project !== ""}
            onChange={(events) => form.set("events", events)}
            types={types}
            value={values.events}
          />
        ))}
    </div>
  );
}

interface TypesProps {
  types: readonly EventType[];
  value: readonly string[];
  onChange: (value: string[]) => void;
  isLimited: boolean;
  error: string | undefined;
}

function Types({ types, value, onChange, isLimited, error }: TypesProps) {
  const choose = (type: string, isChosen: boolean) =>
    onChange((isChosen ? [...new Set([...value, type])] : value.filter((other) => other !== type)).sort());
  return (
    <div className={styles.areas}>
      {error && (
        <p className={styles.error} role="alert">
          <Icon name="alert" size={14} /> {error}
        </p>
      )}
      {byArea(types).map(({ area, types: members }) => (
        <FieldGroup key={area} label={texts.areas[area] ?? area}>
          {members.map(({ type, description, has_project }) => (
            <Checkbox
              blocked={isLimited && !has_project ? texts.noneOfProject : undefined}
              help={description}
              isSelected={value.includes(type)}
              key={type}
              label={<code>{type}</code>}
              name="events"
              onChange={(isChosen) => choose(type, isChosen)}
            />
          ))}
        </FieldGroup>
      ))}
    </div>
  );
}
