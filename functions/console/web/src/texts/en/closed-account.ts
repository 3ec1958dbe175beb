/** Texts of an account that the session does not open. */
export const closedAccount = {
  noAccountTitle: "You are not a member of this account",
  noAccount: "It may not exist, or your membership ended.",
  yourAccounts: "Your accounts",
  signedInAs: (email: string) => `You are signed in as ${email}.`,
  signInAsOther: "Sign in as somebody else",
  factorTitle: "This account requires a second factor",
  factor: "Sign in again with your second factor to go on.",
  factorSetUp: "Set up a second factor in your profile to go on.",
  providerTitle: "This account requires single sign-on",
  provider: "Sign in at the provider of this account to go on.",
  ownSignInTitle: "This account needs a sign-in of its own",
  ownSignIn:
    "The session comes from another account's provider. Sign in with your password, or at a provider of this account.",
  signInAgain: "Sign in again",
  setUpFactor: "Set up second factor",
} as const;
