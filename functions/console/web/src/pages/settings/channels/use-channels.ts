import { useQuery } from "@tanstack/react-query";
import { type Channel, channelsOptions } from "../../../api/channels";
import { channelLabel } from "../../../channel-label";

const NONE: readonly Channel[] = [];

/** The catalogue of channels, and the name of each in words. */
export function useChannels() {
  const { data, error, isFetching, refetch } = useQuery(channelsOptions);
  const channels = data?.items ?? NONE;
  return {
    channels,
    isRead: data !== undefined,
    error: data ? null : error,
    isFetching,
    retry: () => void refetch(),
    label: (key: string) => channels.find((channel) => channel.key === key)?.name ?? channelLabel(key),
  };
}
