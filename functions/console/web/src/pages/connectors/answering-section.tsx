import { useQuery } from "@tanstack/react-query";
import type { Connector } from "../../api/connectors";
import { useMay } from "../../api/me";
import { allMembersOptions } from "../../api/members";
import type { Tagged } from "../../api/problems";
import type { Provider } from "../../api/providers";
import { allTeamsOptions } from "../../api/teams";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { unread } from "../../texts/en/unread";
import {
  Checkbox,
  ConflictDialog,
  Form,
  FormActions,
  PartProblem,
  RadioGroup,
  Section,
  Select,
  SubmitButton,
  TagBox,
  TextArea,
} from "../../ui";
import { useSectionForm } from "./use-section-form";
import {
  type Answering,
  answeringChange,
  answeringLabels,
  answeringNames,
  answeringOf,
  answeringRules,
  skillsOf,
  skillText,
  wordOf,
} from "./values";
import { variantWords } from "./variants";
import { VariantsField } from "./variants-field";

interface Props {
  record: Tagged<Connector>;
  provider: Provider | undefined;
}

/** The side that answers a connector's conversations, and what people and members are told (E36). */
export function AnsweringSection({ record, provider }: Props) {
  const may = useMay();
  const mayReadTeams = may("teams.read");
  const read = useQuery({ ...allTeamsOptions, enabled: mayReadTeams });
  const teams = read.data ?? [];
  const teamOf = (id: string) => teams.find((team) => team.id === id)?.name ?? (id || texts.anyTeam);
  const { form, conflict } = useSectionForm({
    record,
    valuesOf: answeringOf,
    changeOf: answeringChange,
    labels: answeringLabels,
    apiNames: answeringNames,
    rules: answeringRules(provider),
    words: (name, values) => wordsOf(name, values, teamOf),
  });
  const stored = record.value.team_id;
  // A team that cannot be read, or was deleted, stays chosen.
  const isUnknown = stored && !read.isLoading && !read.error && !teams.some(({ id }) => id === stored);
  const unknown = isUnknown ? [{ value: stored, label: texts.unknownTeam }] : [];
  return (
    <Section about={texts.answeringAbout} title={texts.answering}>
      <Form form={form}>
        <RadioGroup
          error={form.errors.handler}
          label={texts.handler}
          name="handler"
          onChange={(value) => form.set("handler", value === "team" ? "team" : "agent")}
          options={[
            { value: "agent", label: texts.handlers.agent, help: texts.handlerHelp.agent },
            { value: "team", label: texts.handlers.team, help: texts.handlerHelp.team },
          ]}
          value={form.values.handler}
        />
        <Select
          {...form.text("team")}
          help={texts.teamHelp}
          label={texts.team}
          options={[
            { value: "", label: texts.anyTeam },
            ...unknown,
            ...teams.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
        <PartProblem read={read} title={unread.teams} />
        <Skills
          error={form.errors.skills}
          onChange={(skills) => form.set("skills", skillText(skills))}
          value={skillsOf(form.values)}
        />
        <Checkbox {...form.check("showsAuthor")} help={texts.showsAuthorHelp} label={texts.showsAuthor} />
        <TextArea
          {...form.text("queueNotice")}
          help={texts.queueNoticeHelp}
          label={texts.queueNotice}
          limit={provider?.message_max_chars}
          optional
          rows={3}
        />
        <VariantsField
          field={form.text("queueNotices")}
          label={texts.queueNoticesIn}
          limit={provider?.message_max_chars}
        />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </Section>
  );
}

function wordsOf(name: keyof Answering, values: Answering, teamOf: (id: string) => string): string {
  if (name === "handler") return texts.handlers[values.handler];
  if (name === "team") return teamOf(values.team);
  if (name === "queueNotices") return variantWords(values.queueNotices);
  return name === "skills" ? skillsOf(values).join(", ") : wordOf(values[name]);
}

interface SkillsProps {
  value: readonly string[];
  onChange: (value: string[]) => void;
  error: string | undefined;
}

/** Skills as tags; those that members have are suggested. */
function Skills({ value, onChange, error }: SkillsProps) {
  const may = useMay();
  const members = useQuery({ ...allMembersOptions, enabled: may("members.read") });
  const held = members.data?.flatMap(({ work }) => work.skills) ?? [];
  const known = [...new Set([...held, ...value])].sort((one, other) => one.localeCompare(other));
  return (
    <>
      <TagBox
        create={texts.addSkill}
        error={error}
        help={texts.skillsHelp}
        label={texts.skills}
        name="skills"
        onChange={onChange}
        onCreate={(skill) => skill}
        optional
        options={known.map((skill) => ({ value: skill, label: skill }))}
        removeOf={texts.removeSkill}
        value={value}
      />
      <PartProblem read={members} title={unread.skills} />
    </>
  );
}
