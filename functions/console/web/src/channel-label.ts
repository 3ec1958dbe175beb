import { channelNames } from "./texts/en/channel-names";

/** A channel in words; a key that we do not know stands for itself. */
export function channelLabel(key: string): string {
  return Object.hasOwn(channelNames, key) ? (channelNames[key] ?? key) : key;
}
