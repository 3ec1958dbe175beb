import type { ChatUser, ChatUserStatus } from "../../api/chat-users";
import type { Environment } from "../../api/environments";

/** The standing that a tab shows; the address names all but the first. */
export const TABS = ["onboarding", "active", "blocked"] as const satisfies readonly ChatUserStatus[];

/** The environments in which a person can still be approved. */
export function environmentsLeft(
  environments: readonly Environment[],
  granted: ChatUser["environments"],
): Environment[] {
  return environments.filter(({ id }) => granted.every(({ environment_id }) => environment_id !== id));
}

/** Whether the name says more than the identifier. */
export function hasName({ display_name, identifier }: Pick<ChatUser, "display_name" | "identifier">): boolean {
  return display_name !== identifier;
}
