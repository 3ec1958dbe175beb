import { useState } from "react";
import type { Member } from "../../../api/members";
import { queryClient } from "../../../api/query";
import { deleteTeam, type Team } from "../../../api/teams";
import { teamTexts as texts } from "../../../texts/en/teams";
import { announce, ConfirmDialog, Stack, toasts } from "../../../ui";
import { useOnOpen } from "../../../ui/use-on-open";
import { inTheWay } from "../clients/in-the-way";
import { ObstacleList } from "../obstacle-list";

interface Props {
  team: Team | undefined;
  /** Members of the team, as far as they may be seen. */
  members: readonly Member[];
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before a team is deleted, and names its members. */
export function DeleteTeam({ team, members, isOpen, onClose }: Props) {
  const [refusal, setRefusal] = useState<unknown>();
  useOnOpen(isOpen, () => setRefusal(undefined));
  const name = team?.name ?? "";
  const known = inTheWay(refusal, "members");

  const remove = async () => {
    if (!team) return;
    setRefusal(undefined);
    try {
      await deleteTeam(team.id);
    } catch (error) {
      setRefusal(error);
      throw error;
    }
    for (const key of ["teams", "team", "members", "member"]) {
      void queryClient.invalidateQueries({ queryKey: [key] });
    }
    toasts.done(texts.deleted(name));
    announce(texts.deleted(name));
  };

  return (
    <ConfirmDialog
      action={texts.deleteAction}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={remove}
      title={texts.deleteTitle(name)}
    >
      <Stack gap={3}>
        <p>{texts.deleteText}</p>
        <ObstacleList obstacles={known.length > 0 ? known : members} title={texts.inUseMembers} toUser />
        <ObstacleList obstacles={inTheWay(refusal, "connectors")} title={texts.inUseConnectors} />
      </Stack>
    </ConfirmDialog>
  );
}
