import type { MessagePreview } from "../../api/conversations";
import { conversationTexts as texts } from "../../texts/en/conversations";

/** The author of the last message, as a row names it; undefined for the person, whom the row names anyway. */
export function previewAuthor({ author }: MessagePreview, me: string | undefined): string | undefined {
  switch (author.kind) {
    case "chat_user":
      return undefined;
    case "member":
      return author.id === me ? texts.you : (author.name ?? texts.member);
    case "agent":
      return texts.agent;
    case "system":
      return texts.system;
    default:
      return texts.unknown;
  }
}
