import { useQuery } from "@tanstack/react-query";
import { type ChatUser, chatUserOptions } from "../../api/chat-users";
import type { Conversation } from "../../api/conversations";
import { useMay } from "../../api/me";
import { conversationTexts as texts } from "../../texts/en/conversations";

/** As long as a name may be old. */
const KEPT = 5 * 60_000;

/** The chat user with an id, once `isWanted`. */
export function useChatUser(project: string, id: string | null | undefined, isWanted = true): ChatUser | undefined {
  const may = useMay();
  const isRead = isWanted && id != null && may("chat_users.read");
  return useQuery({ ...chatUserOptions(project, id ?? ""), enabled: isRead, staleTime: KEPT }).data?.value;
}

/** Who wrote last in a conversation: the name, and what else is known. */
export function usePerson(project: string, conversation: Conversation | undefined) {
  const user = useChatUser(project, conversation?.chat_user_id);
  return { user, name: user?.display_name ?? texts.someone };
}
