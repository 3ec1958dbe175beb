import { useQuery } from "@tanstack/react-query";
import { allClientsOptions } from "../../api/clients";
import { allConnectorsOptions } from "../../api/connectors";
import type { Conversation } from "../../api/conversations";
import { useMay } from "../../api/me";
import { providersOptions } from "../../api/providers";
import { useChannels } from "../settings/channels/use-channels";

/** Where a conversation takes place. */
export interface Place {
  connector: string | undefined;
  client: string | undefined;
  /** Key of the channel. */
  channel: string | undefined;
  channelLabel: string | undefined;
  /** Whether its connector is answered by the team instead of the agent. */
  isTeams: boolean;
  /** Characters that the platform takes at once; undefined if that is not known. */
  maxChars: number | undefined;
}

/** Finds where a conversation takes place, by the connectors of the project. */
export function usePlaces(project: string) {
  const mayRead = useMay()("projects.read");
  const readConnectors = useQuery({ ...allConnectorsOptions(project), enabled: mayRead });
  const readProviders = useQuery({ ...providersOptions, enabled: mayRead });
  const connectors = readConnectors.data;
  const clients = useQuery({ ...allClientsOptions, enabled: mayRead }).data;
  const providers = readProviders.data?.items;
  const { label } = useChannels();

  const placeOf = ({ connector_id, channel: own, case: routed }: Conversation): Place => {
    const connector = connectors?.find(({ id }) => id === connector_id);
    const provider = providers?.find((known) => known.provider === connector?.provider);
    const channel = routed?.channel ?? own ?? provider?.channel;
    return {
      connector: connector?.name,
      client: routed?.client.name ?? clients?.find(({ id }) => id === connector?.client_id)?.name,
      channel,
      channelLabel: channel && label(channel),
      isTeams: connector?.handler === "team",
      maxChars: provider?.message_max_chars,
    };
  };
  return { placeOf, label, readConnectors, readProviders };
}
