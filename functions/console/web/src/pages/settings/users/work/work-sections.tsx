import type { Work } from "../../../../api/members";
import { users } from "../../../../texts/en/users";
import { work as texts } from "../../../../texts/en/work";
import { Section, Stack } from "../../../../ui";
import { ClientAccess, useMayChooseClients } from "../fields";
import type { Access } from "../invitation-body";
import { AllowedChannels, ClientChannels, Losses } from "./channel-fields";
import { Limits, SkillsField, TeamsField } from "./routing-fields";
import { type WorkValues, withoutLimit } from "./work";
import styles from "./work.module.css";

/** Values of a form that has these sections. */
export type WorkFormValues = WorkValues & { access: Access; clients: string[] };

interface Props {
  values: WorkFormValues;
  errors: Partial<Record<keyof WorkFormValues, string | undefined>>;
  /** Sets a value of the form. */
  set: (name: keyof WorkFormValues, value: never) => void;
  isReadOnly?: boolean;
  /** The member as they are saved; undefined in an invitation. */
  saved?: { id: string; work: Work; clients: "all" | readonly string[] };
}

/** Client access, routing settings and team of a person (U505–U507). */
export function WorkSections({ values, errors, set: setValue, isReadOnly = false, saved }: Props) {
  const set = <Name extends keyof WorkFormValues>(name: Name, value: WorkFormValues[Name]) =>
    setValue(name, value as never);
  const mayChooseClients = useMayChooseClients();
  const { allowed, access, clients, teams, skills } = values;
  return (
    <>
      <Section title={users.clientAccess}>
        <Stack gap={5}>
          <AllowedChannels
            error={errors.allowed}
            isReadOnly={isReadOnly}
            onChange={(next) => set("allowed", next)}
            value={allowed}
          />
          {saved && <Losses access={saved.clients} allowed={allowed} before={saved.work} />}
          {mayChooseClients && (
            <>
              <ClientAccess
                access={access}
                clients={clients}
                error={errors.clients}
                isReadOnly={isReadOnly}
                onAccess={(next) => set("access", next)}
                onClients={(next) => set("clients", next)}
              />
              {access === "all" && <p className={styles.soft}>{texts.clientChannelsAll}</p>}
              {access === "some" && (
                <ClientChannels
                  clients={clients}
                  error={errors.clientChannels}
                  isReadOnly={isReadOnly}
                  onChange={(next) => set("clientChannels", next)}
                  values={values}
                />
              )}
            </>
          )}
        </Stack>
      </Section>
      <Section title={texts.routing}>
        <Limits
          error={errors.limits}
          isReadOnly={isReadOnly}
          onChange={(next) => set("limits", next)}
          values={values}
          {...(saved && { member: saved.id })}
        />
      </Section>
      <Section title={texts.team}>
        <Stack gap={5}>
          <TeamsField
            error={errors.teams}
            isReadOnly={isReadOnly}
            onChange={(next) => set("teams", next)}
            value={teams}
          />
          <SkillsField
            error={errors.skills}
            isReadOnly={isReadOnly}
            onChange={(next) => set("skills", next)}
            value={skills}
          />
        </Stack>
      </Section>
    </>
  );
}

/** Labels, rules and the API's names of the values of these sections. */
export const workForm = {
  labels: {
    allowed: texts.allowedChannels,
    clientChannels: texts.clientChannels,
    limits: texts.limits,
    teams: texts.teams,
    skills: texts.skills,
  },
  limitsRule: (_: unknown, values: Pick<WorkValues, "allowed" | "limits">) =>
    withoutLimit(values).length > 0 ? texts.limitsRule : undefined,
  apiNames: {
    clientChannels: "work.client_channels",
    limits: "work.channels",
    teams: "work.teams",
    skills: "work.skills",
  },
} as const;
