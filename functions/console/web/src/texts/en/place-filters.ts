/** Texts of the filters by client, channel and team. */
export const placeFilterTexts = {
  client: "Client",
  allClients: "All clients",
  channel: "Channel",
  allChannels: "All channels",
  team: "Team",
  allTeams: "All teams",
} as const;
