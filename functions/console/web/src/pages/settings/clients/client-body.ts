import type { Client, CreateClient, UpdateClient } from "../../../api/clients";
import { channelLabel } from "../../../channel-label";
import { clientTexts as texts } from "../../../texts/en/clients";
import type { ConflictingField } from "../../../ui";
import { minutesOf, minutesText } from "../minutes";

/** The changeable values of a client. */
export interface ClientValues {
  name: string;
  channels: string[];
  /** Minutes within which the first reply is due; empty for no limit. */
  firstReply: string;
}

export const NEW: ClientValues = { name: "", channels: [], firstReply: "" };

export function valuesOf(client: Client): ClientValues {
  return {
    name: client.name,
    channels: [...client.channels].sort(),
    firstReply: minutesText(client.first_reply_minutes),
  };
}

/** A new client. */
export function bodyOf({ name, channels, firstReply }: ClientValues): CreateClient {
  return { name: name.trim(), channels, first_reply_minutes: minutesOf(firstReply) ?? null };
}

/** The change from what was read to what is wanted: only what differs, so that no other change is undone. */
export function changeOf(before: ClientValues, wanted: ClientValues): UpdateClient {
  const change: UpdateClient = {};
  if (before.name !== wanted.name.trim()) change.name = wanted.name.trim();
  if (JSON.stringify(before.channels) !== JSON.stringify(wanted.channels)) change.channels = wanted.channels;
  if (before.firstReply !== wanted.firstReply.trim()) change.first_reply_minutes = minutesOf(wanted.firstReply) ?? null;
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
    ...("first_reply_minutes" in change
      ? [{ label: texts.firstReply, mine: mine.firstReply.trim(), theirs: theirs.firstReply }]
      : []),
  ];
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
