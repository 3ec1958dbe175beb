/** The digits of a code, which some apps show and copy in two groups. */
export function digits(code: string): string {
  return code.replace(/\s/g, "");
}

/** Whether a text is a code of an authenticator app. */
export function isAppCode(code: string): boolean {
  return /^\d{6}$/.test(digits(code));
}
