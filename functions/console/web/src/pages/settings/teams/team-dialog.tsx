import { useRef } from "react";
import { isProblem, type Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { createTeam, renameTeam, type Team, teamOptions } from "../../../api/teams";
import { teamTexts as texts } from "../../../texts/en/teams";
import { announce, ConflictDialog, FormDialog, TextField, toasts } from "../../../ui";
import { useRecordDialog } from "../use-record-form";

const NAME_MAX = 100;

interface Values {
  name: string;
}

const valuesOf = ({ name }: Team): Values => ({ name });

interface Props {
  isOpen: boolean;
  onClose: () => void;
  /** The team to rename; undefined to make one. */
  team: Team | undefined;
  /** The teams that there are. */
  teams: readonly Team[];
}

/** The name of a team. */
export function TeamDialog(props: Props) {
  // The last record stays in sight while the dialog closes.
  const shown = useRef(props.team);
  if (props.isOpen) shown.current = props.team;
  return <TeamForm {...props} key={shown.current?.id ?? "new"} team={shown.current} />;
}

function TeamForm({ isOpen, onClose, team, teams }: Props) {
  const id = team?.id ?? "";
  const { form, conflict } = useRecordDialog<Team, Values>({
    isOpen,
    onClose,
    item: team,
    target: `team:${id}`,
    blank: { name: "" },
    valuesOf,
    read: () => queryClient.fetchQuery({ ...teamOptions(id), staleTime: 0 }),
    create: ({ name }) => createTeam(name.trim()),
    update: async ({ name }, before): Promise<Tagged<Team>> =>
      name.trim() === before.value.name ? before : renameTeam(id, name.trim(), before.etag),
    differences: (mine, theirs) =>
      mine.name.trim() === theirs.name ? [] : [{ label: texts.name, mine: mine.name.trim(), theirs: theirs.name }],
    labels: { name: texts.name },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > NAME_MAX ? texts.nameTooLong : undefined),
    },
    onFailure: (error) => {
      if (!isProblem(error, "name-taken")) return false;
      form.complain("name", texts.nameTaken);
      return true;
    },
    onDone: (saved) => {
      const existed = !team && teams.some((known) => known.id === saved.id);
      const words = team ? texts.saved(saved.name) : existed ? texts.existed(saved.name) : texts.created(saved.name);
      for (const key of ["teams", "team"]) void queryClient.invalidateQueries({ queryKey: [key] });
      toasts.done(words);
      announce(words);
    },
  });
  return (
    <>
      <FormDialog
        form={form}
        isOpen={isOpen}
        onClose={onClose}
        size="small"
        submit={team ? texts.save : texts.create}
        title={team ? texts.editTitle(team.name) : texts.createTitle}
      >
        <TextField
          {...form.text("name")}
          autoComplete="off"
          autoFocus
          dir="auto"
          help={texts.nameHelp}
          label={texts.name}
        />
      </FormDialog>
      <ConflictDialog {...conflict} />
    </>
  );
}
