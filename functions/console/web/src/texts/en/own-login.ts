/** Texts about the address of one's login, its export and its end. `{…}` is filled in. */
export const ownLogin = {
  changeAddress: "Change address…",
  changeTitle: "Change email address",
  changeAbout:
    "A link goes to the new address, and a note to {email}. You sign in with {email} until you take the new one by that link.",
  newEmail: "New email",
  emailRule: "Enter an email address, such as ana@example.com",
  sameEmail: "This is your address already",
  password: "Current password",
  passwordRequired: "Enter your password",
  wrongPassword: "This is not your current password",
  sendLink: "Send link",
  sentTitle: "A link is on its way to {email}",
  sent: "Open it within 30 minutes, signed in as you are now. Until then, {present} stays your address. A note about this went there too.",
  sentNothing: "If nothing comes, look in the spam folder, or check the spelling.",
  noSender:
    "This installation sends no mail, so an address cannot be verified. Whoever runs it can set a sender address.",

  linkTitle: "Use your new address?",
  link: "You opened the link that was mailed to it. Once you use it, you sign in with the new address instead of {email}. All your other sessions end, and both addresses are told.",
  linkTake: "Use new address",
  linkLater: "Not now",
  linkOther:
    "The link that you opened is for another login than {email}. Sign in with that login, and it is offered again.",
  linkProvider:
    "The link that you opened is for a new address of your login. To use it, sign in with your present address and your password.",
  linkSignIn: "Sign in",
  taken: (email: string) => `Your address is ${email} now. All other sessions have ended.`,
  notValidTitle: "This link is not valid",
  notValid: "It is incomplete, older than 30 minutes, or was used before. Ask for a new one under “Change address…”.",
  addressTakenTitle: "Another login has this address",
  addressTaken:
    "Somebody has made a login with it since the link was sent. Sign in with that login, or choose another address.",

  leave: "Leave…",
  leaveOf: (account: string) => `Leave ${account}…`,
  leaveTitle: (account: string) => `Leave ${account}?`,
  leaveText: "You lose access at once, and your API keys there are revoked. An admin can invite you again at any time.",
  leaveRest: "Your login and your other accounts stay.",
  leaveAction: (account: string) => `Leave ${account}`,
  left: (account: string) => `You left ${account}`,
  lastAdminTitle: (accounts: string) => `You are the last active super admin of ${accounts}`,
  lastAdmin: "Make another member a super admin first, or delete the account in its settings.",

  identities: "Sign-in at providers",
  identitiesAbout: "Sign-in providers of your accounts that you can use instead of your password.",
  noIdentities: "No provider is connected to your login.",
  identitiesCaption: "Connected identities",
  provider: "Provider",
  disconnect: "Disconnect…",
  disconnectOf: (provider: string, account: string) => `Disconnect ${provider} of ${account}…`,
  disconnectTitle: (provider: string, account: string) => `Disconnect ${provider} of ${account}?`,
  disconnectText: (provider: string, account: string) =>
    `You can no longer sign in to ${account} with ${provider}, and the sessions that it opened there end at once. A mail tells you of it.`,
  disconnectRest: "Your password and your place in the account stay.",
  disconnectAction: "Disconnect",
  disconnected: (provider: string, account: string) => `${provider} of ${account} is disconnected`,
  requiredTitle: (accounts: string) => `This is your only way into ${accounts}`,
  required:
    "Members sign in at a provider there, and not with a password. Leave the account, or sign in there with another identity first.",

  data: "Your data",
  export: "Export",
  exportAbout:
    "What is on record about your login, as a file: address, name, preferences, accounts, sessions, known browsers and identities at providers. No password or other secret.",

  delete: "Delete login",
  deleteOpen: "Delete login…",
  deleteAbout: "Your login and what is on record about it. Afterwards you cannot sign in to any account.",
  deleteTitle: (email: string) => `Delete the login ${email}?`,
  deleteAccounts: (accounts: string) =>
    `You leave ${accounts} at once, and your API keys there are revoked. What you did stays in the audit logs, under your name.`,
  deleteSessions:
    "Every session ends, on all devices. Password, second factor, recovery codes and preferences are deleted.",
  deleteFinal: "This cannot be undone. A mail to {email} confirms it.",
  deletePasswordHelp: "To show that it is you.",
} as const;
