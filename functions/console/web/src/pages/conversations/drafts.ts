const drafts = new Map<string, string>();

/** Replies that are being written, for as long as the page lives: leaving a conversation loses none. Nothing of people is stored. */
export const replyDrafts = {
  of: (conversation: string): string => drafts.get(conversation) ?? "",
  keep: (conversation: string, text: string): void => {
    if (text === "") drafts.delete(conversation);
    else drafts.set(conversation, text);
  },
};
