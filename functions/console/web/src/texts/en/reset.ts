/** Texts of the page for a new password. `{email}` is filled in. */
export const reset = {
  title: "Reset password",
  about: "Enter the address that you sign in with. A mail with a link for a new password goes there.",
  email: "Email",
  emailRequired: "Enter your email address, such as ana@example.com",
  ask: "Send link",
  back: "Back to sign-in",
  askedTitle: "Check your mail",
  asked: "If {email} has a login, a mail with a link is on its way. The link works once, within 30 minutes.",
  nothing:
    "If nothing has come after a few minutes, look in the spam folder, check the address, or ask an admin of your account.",
  again: "Use another address",

  newTitle: "Choose a new password",
  newAbout: "For the login {email}. All sessions that are open now will end.",
  factorHint: "After this, your second factor is asked for.",
  password: "New password",
  set: "Set password",
  notValidTitle: "This link is not valid",
  notValid: "It is incomplete, older than 30 minutes, or was used before. Ask for a new one.",
  askAgain: "Ask for a new link",

  factorTitle: "One step is left",
  factorAbout: "The new password is set, and all other sessions have ended.",
  doneTitle: "Your new password is set",
  done: "You are signed in here. All other sessions have ended, so other devices have to sign in again.",
  goOn: "Continue",
  toInvitation: "Back to the invitation",
} as const;
