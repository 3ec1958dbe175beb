/** Texts of a new password and its rules. */
export const newPassword = {
  rules: "Rules of a password",
  length: "At least 15 characters",
  lengthSoFar: (count: number) => `At least 15 characters (${count} so far)`,
  common: "Not a common password",
  known: "Not made of your name or address",
  met: "met",
  notMet: "not met yet",
  tooShort: "Use at least 15 characters, such as several words",
  tooLong: "Use at most 128 characters",
  tooCommon: "This password is common. Choose another one.",
  tooKnown: "Use more than your name, your address and “Vestibule”",
} as const;
