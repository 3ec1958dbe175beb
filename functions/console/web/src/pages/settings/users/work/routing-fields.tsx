import { useQuery } from "@tanstack/react-query";
import { desksOptions } from "../../../../api/desks";
import { useMay } from "../../../../api/me";
import { allMembersOptions } from "../../../../api/members";
import { queryClient } from "../../../../api/query";
import { allTeamsOptions, createTeam } from "../../../../api/teams";
import { common } from "../../../../texts/en/common";
import { unread } from "../../../../texts/en/unread";
import { work as texts } from "../../../../texts/en/work";
import { FieldGroup, PartProblem, Stack, TagBox, TextField } from "../../../../ui";
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
  const { desks, loadOn } = useLoads(member);
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
      <PartProblem read={desks} title={unread.loads} />
    </FieldGroup>
  );
}

/** The number of open conversations of a member by channel, as far as it is known. */
function useLoads(member: string | undefined) {
  const may = useMay();
  const isWanted = member !== undefined && may("conversations.read");
  const desks = useQuery({ ...desksOptions, enabled: isWanted });
  const seatsOn = (key: string) => desks.data?.items.find(({ channel }) => channel === key)?.members;
  return { desks, loadOn: (channel: string) => seatsOn(channel)?.find(({ id }) => id === member)?.load };
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
  const read = useQuery({ ...allTeamsOptions, enabled: mayRead });
  const teams = read.data?.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const unknown = value.filter((id) => !teams.some((team) => team.value === id));
  const make = async (name: string) => {
    const team = await createTeam(name);
    // The name is there before its tag.
    await queryClient.invalidateQueries({ queryKey: ["teams"] });
    return team.id;
  };
  return (
    <Stack gap={2}>
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
        options={[...teams, ...unknown.map((id) => ({ value: id, label: common.ellipsis }))]}
        placeholder={texts.teamsPlaceholder}
        removeOf={texts.removeTag}
        value={value}
      />
      <PartProblem read={read} title={unread.teams} />
    </Stack>
  );
}

/** The skills of a person, as tags; those of others are suggested. */
export function SkillsField({ value, onChange, error, isReadOnly }: TagsProps) {
  const may = useMay();
  const members = useQuery({ ...allMembersOptions, enabled: may("members.read") });
  const held = members.data?.flatMap(({ work }) => work.skills) ?? [];
  const known = [...new Set([...held, ...value])].sort((one, other) => one.localeCompare(other));
  return (
    <Stack gap={2}>
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
      {!isReadOnly && <PartProblem read={members} title={unread.skills} />}
    </Stack>
  );
}
