import { useQuery } from "@tanstack/react-query";
import { desksOptions } from "../../../../api/desks";
import { useMay } from "../../../../api/me";
import { allMembersOptions } from "../../../../api/members";
import { queryClient } from "../../../../api/query";
import { allTeamsOptions, createTeam } from "../../../../api/teams";
import { work as texts } from "../../../../texts/en/work";
import { FieldGroup, TagBox, TextField } from "../../../../ui";
import { useChannels } from "../../channels/use-channels";
import { limitOf, type WorkValues } from "./work";
import styles from "./work.module.css";

interface LimitsProps {
  values: Pick<WorkValues, "allowed" | "limits">;
  onChange: (limits: Record<string, string>) => void;
  onBlur?: () => void;
  error?: string | undefined;
  isReadOnly?: boolean;
  /** The member whose open conversations stand beside the limits. */
  member?: string;
}

/** The number of conversations that a person has at a time on each allowed channel (U506). */
export function Limits({ values, onChange, onBlur, error, isReadOnly = false, member }: LimitsProps) {
  const { label } = useChannels();
  const loadOn = useLoads(member);
  const { allowed, limits } = values;
  return (
    <FieldGroup
      error={error}
      help={
        isReadOnly ? undefined : (
          <>
            {texts.limitsHelp} {texts.limitsExample}
          </>
        )
      }
      label={texts.limits}
    >
      {allowed.length === 0 && <p className={styles.soft}>{texts.limitsNone}</p>}
      <div className={styles.limits}>
        {allowed.map((channel) => {
          const limit = limitOf(limits[channel]);
          const load = loadOn(channel);
          return (
            <TextField
              autoComplete="off"
              error={error && limit === undefined ? texts.limitRule : undefined}
              help={
                load === undefined
                  ? undefined
                  : limit !== undefined && load > limit
                    ? texts.openMore(load)
                    : texts.open(load)
              }
              inputMode="numeric"
              key={channel}
              label={label(channel)}
              name="limits"
              onBlur={onBlur}
              onChange={(typed) => onChange({ ...limits, [channel]: typed })}
              readOnly={isReadOnly}
              value={limits[channel] ?? ""}
            />
          );
        })}
      </div>
    </FieldGroup>
  );
}

/** The number of open conversations of a member by channel, as far as it is known. */
function useLoads(member: string | undefined): (channel: string) => number | undefined {
  const may = useMay();
  const isWanted = member !== undefined && may("conversations.read");
  const desks = useQuery({ ...desksOptions, enabled: isWanted }).data?.items;
  return (channel) => desks?.find((desk) => desk.channel === channel)?.members?.find(({ id }) => id === member)?.load;
}

interface TagsProps {
  value: readonly string[];
  onChange: (value: string[]) => void;
  error?: string | undefined;
  isReadOnly?: boolean;
}

/** The teams of a person: chosen, or made by typing (U507). */
export function TeamsField({ value, onChange, error, isReadOnly }: TagsProps) {
  const may = useMay();
  const mayRead = may("teams.read");
  const teams = useQuery({ ...allTeamsOptions, enabled: mayRead }).data ?? [];
  const make = async (name: string) => {
    const team = await createTeam(name);
    // The name is there before its tag.
    await queryClient.invalidateQueries({ queryKey: ["teams"] });
    return team.id;
  };
  return (
    <TagBox
      create={may("teams.manage") ? texts.create : undefined}
      error={error}
      help={isReadOnly ? undefined : texts.teamsHelp}
      isReadOnly={isReadOnly || !mayRead}
      label={texts.teams}
      name="teams"
      onChange={onChange}
      onCreate={make}
      optional={!isReadOnly}
      options={teams.map(({ id, name }) => ({ value: id, label: name }))}
      placeholder={texts.teamsPlaceholder}
      removeOf={texts.removeTag}
      value={value}
    />
  );
}

/** The skills of a person, as tags; those of others are suggested. */
export function SkillsField({ value, onChange, error, isReadOnly }: TagsProps) {
  const may = useMay();
  const members = useQuery({ ...allMembersOptions, enabled: may("members.read") }).data ?? [];
  const known = [...new Set([...members.flatMap(({ work }) => work.skills), ...value])].sort((one, other) =>
    one.localeCompare(other),
  );
  return (
    <TagBox
      create={texts.add}
      error={error}
      help={isReadOnly ? undefined : texts.skillsHelp}
      isReadOnly={isReadOnly}
      label={texts.skills}
      name="skills"
      onChange={onChange}
      onCreate={(skill) => skill}
      optional={!isReadOnly}
      options={known.map((skill) => ({ value: skill, label: skill }))}
      placeholder={texts.skillsPlaceholder}
      removeOf={texts.removeTag}
      value={value}
    />
  );
}
