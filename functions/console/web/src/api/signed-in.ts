import { meOptions } from "./me";
import { queryClient } from "./query";
import { session } from "./session";

/** Reads who has signed in. The calls that wait go on for the same person; for somebody else the page begins anew. */
export async function goOnIfSamePerson(goOn: () => void): Promise<void> {
  const before = session.loginId;
  try {
    await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
  } catch {
    // The dialog of the ended session stays.
    return;
  }
  if (session.loginId === before) goOn();
  else location.reload();
}
