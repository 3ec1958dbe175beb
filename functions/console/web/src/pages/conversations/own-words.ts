import type { Availability } from "../../api/availability";
import { formatList } from "../../format";
import { availabilityTexts } from "../../texts/en/availability";
import { conversationTexts as texts } from "../../texts/en/conversations";

/** Says for which channels one is available, and which are paused (U607). */
export function ownWords({ state, channels, paused }: Availability): string[] {
  if (state !== "available") return [texts.youAre(availabilityTexts.states[state].toLowerCase())];
  if (channels.length === 0) return [texts.availableForNothing];
  const open = channels.filter(({ key }) => !paused.includes(key));
  const names = (of: typeof channels) => formatList(of.map(({ name }) => name));
  if (open.length === 0) return [texts.allPaused];
  // Nothing comes by itself where the limit is 0.
  const served = open.filter(({ limit }) => limit > 0);
  const held = channels.filter(({ key }) => paused.includes(key));
  return [
    served.length > 0 ? texts.availableFor(names(served)) : texts.availableByHand,
    ...(held.length > 0 ? [texts.pausedAlso(names(held))] : []),
  ];
}
