import { useQuery } from "@tanstack/react-query";
import { desksOptions } from "../../../../api/desks";
import { useMay } from "../../../../api/me";
import { users as texts } from "../../../../texts/en/users";

/** How many conversations of a member go back to the queue, before they lose access; nothing where there are none (U508). */
export function OpenConversations({ member, isWanted }: { member: string | undefined; isWanted: boolean }) {
  const may = useMay();
  const desks = useQuery({ ...desksOptions, enabled: isWanted && may("conversations.read") }).data?.items ?? [];
  const seats = desks.flatMap(({ members }) => members ?? []).filter(({ id }) => id === member);
  const count = seats.reduce((sum, { load }) => sum + load, 0);
  return count > 0 ? <p>{texts.backToQueue(count)}</p> : null;
}
