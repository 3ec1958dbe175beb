/** Texts about permissions, wherever they are shown or chosen. */
export const permissionTexts = {
  areas: {
    projects: "Projects",
    chat_users: "Chat users",
    access_requests: "Access requests",
    end_users: "Users",
    conversations: "Conversations",
    team: "Team",
    api_keys: "API keys",
    account: "Account",
  },
  ofRole: "Part of the role.",
  notHeld: "You do not hold this permission, so you cannot give it.",
  readOnly: "It cannot be changed here.",
  moreThanYou: "(holds more than you)",
  of: (count: number, all: number) => `${count} of ${all}`,
  more: (count: number) => `and ${count} more`,
} as const;
