/** The digits of a code, which some apps show and copy in two groups. */
export function digits(code: string): string {
  return code.replace(/\s/g, "");
}

/** Whether a text is a code of an authenticator app. */
export function isAppCode(code: string): boolean {
  return /^\d{6}$/.test(digits(code));
}

/** Reads a typed text: a code of the app, or a recovery code. */
export function readCode(text: string): { code: string } | { recovery_code: string } | undefined {
  if (isAppCode(text)) return { code: digits(text) };
  const trimmed = text.trim();
  return trimmed.length > 6 ? { recovery_code: trimmed } : undefined;
}
