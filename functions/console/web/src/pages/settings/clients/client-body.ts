import type { Client } from "../../../api/clients";
import { clientTexts as texts } from "../../../texts/en/clients";
import type { ConflictingField } from "../../../ui";

/** The changeable values of a client. */
export interface ClientValues {
  name: string;
  channels: string[];
}

export const NEW: ClientValues = { name: "", channels: [] };

export function valuesOf(client: Client): ClientValues {
  return { name: client.name, channels: [...client.channels].sort() };
}

/** The change from what was read to what is wanted: only what differs, so that no other change is undone. */
export function changeOf(before: ClientValues, wanted: ClientValues): Partial<ClientValues> {
  const change: Partial<ClientValues> = {};
  if (before.name !== wanted.name.trim()) change.name = wanted.name.trim();
  if (JSON.stringify(before.channels) !== JSON.stringify(wanted.channels)) change.channels = wanted.channels;
  return change;
}

/** The fields in which two people's wishes differ, in words (U132). */
export function conflictsOf(mine: ClientValues, theirs: ClientValues): ConflictingField[] {
  const change = changeOf(theirs, mine);
  const words = (channels: readonly string[]) => channels.map(channelLabel).join(", ");
  return [
    ...("name" in change ? [{ label: texts.name, mine: mine.name, theirs: theirs.name }] : []),
    ...("channels" in change
      ? [{ label: texts.channels, mine: words(mine.channels), theirs: words(theirs.channels) }]
      : []),
  ];
}

/** A channel in words; a key that we do not know stands for itself. */
export function channelLabel(key: string): string {
  return Object.entries(texts.known).find(([known]) => known === key)?.[1] ?? key;
}

/** The channels to choose from: those of providers and clients, and those that were added by hand, by their labels. */
export function channelChoices(...sources: readonly (readonly string[])[]): string[] {
  const label = (key: string) => channelLabel(key).toLowerCase();
  return [...new Set(sources.flat())].sort((one, other) => (label(one) < label(other) ? -1 : 1));
}

/** Whether a text is the key of a channel. */
export function isChannelKey(text: string): boolean {
  return /^[a-z0-9_]{1,40}$/.test(text);
}
