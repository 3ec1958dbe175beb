import { type ChatUser, chatUserOptions } from "../../api/chat-users";
import type { Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { announce, toasts } from "../../ui";

/** Queries that show what is known of people. */
const OF_PEOPLE = ["chat-users", "access-requests", "access-request-counts", "end-users", "conversations"];

/** Reads again what shows people, after one of them was changed. */
export function readPeopleAgain(project: string): void {
  for (const key of OF_PEOPLE) void queryClient.invalidateQueries({ queryKey: [key, project] });
}

/** Takes a person over as they were saved, and says the outcome. */
export function keepPerson(project: string, saved: Tagged<ChatUser>, words: string): void {
  queryClient.setQueryData(chatUserOptions(project, saved.value.id).queryKey, saved);
  readPeopleAgain(project);
  tell(words);
}

/** Says an outcome, to be seen and heard. */
export function tell(words: string): void {
  toasts.done(words);
  announce(words);
}
