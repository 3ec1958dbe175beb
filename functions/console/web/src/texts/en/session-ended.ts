/** Texts of the dialog that asks for a new sign-in over the page. */
export const sessionEnded = {
  title: "Your session ended. Sign in to go on.",
  text: "Nothing that you typed is lost.",
  otherWay: "Sign in another way, in a new tab",
} as const;
