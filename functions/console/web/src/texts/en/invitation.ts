/** Texts of the page that an invitation's link opens. `{by}`, `{account}`, `{role}` and `{email}` are filled in. */
export const invitation = {
  title: "Invitation",
  invites: "{by} invites you to {account} as {role}",
  invitesWithoutRole: "{by} invites you to {account}",
  holdsUntil: "The invitation is valid until",
  email: "Email",
  emailHelp: "The invitation is for this address.",
  name: "Your name",
  nameHelp: "As your colleagues will see it.",
  nameRequired: "Enter your name",
  nameLong: "Use at most 100 characters",
  password: "Password",
  join: (account: string) => `Join ${account}`,
  joined: (account: string) => `You are a member of ${account} now.`,
  newAbout: "Choose how you will sign in from now on.",
  knownAbout: "{email} has a login already. Sign in with it, then join.",
  joinAbout: "You are signed in as {email}.",
  proveAbout:
    "You are signed in as {email}. The link verifies that this address is yours, so choose a new password. What was set before no longer counts, and all other sessions end.",
  haveLogin: "I have a login already",
  haveNone: "I have no login yet",
  providerAbout: "Members of {account} sign in at their own provider. You join once you are signed in there.",
  continueWith: (provider: string) => `Continue with ${provider}`,
  factorAbout: "You have joined {account}. One step is left.",

  otherTitle: "This invitation is for {email}",
  otherAbout: "You are signed in as {email}.",
  switchAccount: "Switch account",
  stay: "Stay signed in and leave",

  expiredTitle: "This invitation has expired",
  expiredAbout: "Ask {by} for a new one. It was an invitation to {account}.",
  expiredAt: "It held until",
  revokedTitle: "This invitation was revoked",
  revokedAbout: "It can no longer be accepted. If you did not expect that, ask {by} at {account}.",
  acceptedTitle: "This invitation was accepted already",
  acceptedAbout: "If that was you, sign in to {account}. If not, tell {by}.",
  signIn: "Sign in",
  notValidTitle: "This link is not valid",
  notValidAbout:
    "It is incomplete, or no invitation has it. Open the link of the newest mail once more; if that does not help, ask whoever invited you for a new invitation.",

  memberTitle: "You are a member of {account} already",
  memberAbout: "There is nothing to accept.",
  open: "Open",
  fullTitle: "You are in too many accounts",
  fullAbout: "A login can be a member of 25 accounts. Leave one of them, then open the invitation again.",
  toProfile: "Show my accounts",
  unverifiedTitle: "Your address is not verified yet",
  unverifiedAbout:
    "Your login was made with a link that somebody copied. Before it joins another account, a mail has to verify that the address is yours: set a new password by mail, then open the invitation again.",
  toReset: "Set a new password by mail",
  outgrownTitle: "This link is no longer enough",
  outgrownAbout:
    "You were given more rights in {account} after this link was copied, and others may have seen it. Ask {by} for a new link, or for an invitation by mail.",
  methodGoneTitle: "This way of signing in is no longer allowed",
  methodGoneAbout: "{account} has changed how its members sign in. Ask {by} for a new invitation.",

  problems: {
    "wrong-credentials":
      "This address has a login already, and the password is not the one of that login. Sign in with it, then join.",
    "sign-in-to-accept": "This address has a login already. Sign in with it, then go on.",
    "other-login-method": "The invitation asks for another way of signing in, which is shown now.",
    "sign-in-failed":
      "The sign-in at the provider failed. Try again; if it fails again, tell the person who invited you.",
    "wrong-identity":
      "The invitation is for somebody else at the provider. Sign out there, then sign in with the identity that was invited.",
    "identity-taken":
      "That identity belongs to another member of this account. Sign out at the provider, then sign in as yourself.",
    "provider-unavailable": "The provider cannot be reached at the moment. Try again in a few minutes.",
    "wrong-login": "The login that is signed in here is not the invited one. Sign in with the invited address.",
    "too-many-attempts": "There were too many attempts. Try again in a minute.",
  } as Readonly<Record<string, string>>,
  problem: "The sign-in at the provider did not succeed. Try again.",
} as const;
