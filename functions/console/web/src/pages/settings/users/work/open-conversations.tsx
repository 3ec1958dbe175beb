import { useQuery } from "@tanstack/react-query";
import { desksOptions } from "../../../../api/desks";
import { useMay } from "../../../../api/me";
import { users as texts } from "../../../../texts/en/users";

/** The number of a member's conversations that go back to the queue when they lose access, as far as it is known (U508). */
export function useOpenConversations(member: string | undefined, isWanted: boolean): number {
  const may = useMay();
  const desks = useQuery({ ...desksOptions, enabled: isWanted && may("conversations.read") }).data?.items ?? [];
  const seats = desks.flatMap(({ members }) => members ?? []).filter(({ id }) => id === member);
  return seats.reduce((sum, { load }) => sum + load, 0);
}

/** Says how many conversations go back to the queue; nothing where there are none. */
export function OpenConversations({ member, isWanted }: { member: string | undefined; isWanted: boolean }) {
  const count = useOpenConversations(member, isWanted);
  return count > 0 ? <p>{texts.backToQueue(count)}</p> : null;
}
