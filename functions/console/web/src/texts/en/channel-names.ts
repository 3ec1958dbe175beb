/** Names of channels that most accounts have. */
export const channelNames: Readonly<Record<string, string>> = {
  sms: "SMS",
  whatsapp: "WhatsApp",
  live_chat: "Live Chat",
  facebook: "Facebook",
  instagram: "Instagram",
  slack: "Slack",
  telegram: "Telegram",
  teams: "Microsoft Teams",
};
