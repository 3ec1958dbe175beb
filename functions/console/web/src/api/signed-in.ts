import { client } from "./client";
import { meOptions } from "./me";
import { unwrapTagged } from "./problems";
import { queryClient } from "./query";
import { session } from "./session";

/** Reads who has signed in. The calls that wait go on for the same person; for somebody else the page begins anew. */
export async function goOnIfSamePerson(goOn: () => void): Promise<void> {
  try {
    // Not by the query: that may be among what waits, and would be waited for in turn.
    const me = unwrapTagged(await client.GET("/v1/me"));
    if (me.value.login.id !== session.loginId) return location.reload();
    queryClient.setQueryData(meOptions.queryKey, me);
    goOn();
  } catch {
    // The dialog of the ended session stays.
  }
}
