import { useQuery } from "@tanstack/react-query";
import { type Channel, channelsOptions } from "../../../api/channels";
import { useMay } from "../../../api/me";
import { channelLabel } from "../../../channel-label";

const NONE: readonly Channel[] = [];

/** The catalogue of channels, for who may read it, and the name of each in words. */
export function useChannels() {
  const mayRead = useMay()("projects.read");
  const read = useQuery({ ...channelsOptions, enabled: mayRead });
  const channels = read.data?.items ?? NONE;
  return {
    channels,
    read,
    label: (key: string) => channels.find((channel) => channel.key === key)?.name ?? channelLabel(key),
  };
}
