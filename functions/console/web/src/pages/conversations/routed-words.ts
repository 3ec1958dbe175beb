import type { Routed } from "../../api/conversations";
import { conversationTexts } from "../../texts/en/conversations";

const texts = conversationTexts.line;

/** The author of what the system does by itself. */
const SYSTEM = /^system(:|$)/;

/** A decision about a conversation in words: what was done, and why, if the rule did it. */
export function routedWords({ verb, by, member, team, why, over_limit }: Routed): { words: string; why?: string } {
  const name = member?.name ?? conversationTexts.member;
  const isBySystem = SYSTEM.test(by.id);
  const excess = over_limit ? `, ${texts.overLimit}` : "";
  switch (verb) {
    case "offer":
      if (isBySystem) return { words: texts.offered };
      return { words: team?.name ? texts.handedOverTo(by.name, team.name) : texts.handedOver(by.name) };
    case "assign":
      if (why || isBySystem) return { words: texts.assigned(name), ...(why && { why: why.text }) };
      return { words: texts.assignedBy(by.name, name) + excess };
    case "claim":
      return { words: texts.claimed(member?.name ?? by.name) + excess };
    case "release":
      return { words: texts.released(by.name) };
    case "transfer":
      return { words: texts.transferred(by.name, team?.name ?? name) + excess };
    case "requeue":
      return { words: isBySystem ? texts.requeuedItself : texts.requeued(by.name) };
    case "miss_first_reply":
      return { words: texts.missedReply };
    default:
      return { words: texts.gaveBack(by.name) };
  }
}
