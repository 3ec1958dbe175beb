import { queryClient } from "../../api/query";
import { session } from "../../api/session";
import { goTo } from "../../navigation";
import { invitation as texts } from "../../texts/en/invitation";
import { toasts } from "../../ui/toast";
import { openInvitation } from "./open-invitation";

/** Goes to the account that was joined. */
export function enter({ id, name }: { id: string; name: string }): void {
  openInvitation.end();
  queryClient.clear();
  session.resumed();
  toasts.done(texts.joined(name));
  goTo(`/console/a/${id}`);
}
