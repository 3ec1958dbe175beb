/** Names and addresses that a password must not consist of. Empty where they are not known here; the API checks them in any case. */
export interface Owner {
  email: string;
  name: string;
}

export type PasswordRule = "short" | "long" | "common" | "known";

const MIN = 15;
const MAX = 128;
/** Fewest characters that must remain without what everybody can know. */
const UNKNOWN_MIN = 8;
/** Fewest characters of a part that counts as known: shorter ones stand in any text. */
const PART_MIN = 3;
const PRODUCT = "vestibule";

/** Characters as people count them, whatever their encoding. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** The lines of the list of common passwords. */
export function readCommon(list: string): string[] {
  return list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * The rule that a new password breaks: the API's own rules (SPEC D28), told while typing. Only the API finds what is made of
 * common words and patterns; its answer is shown at the field.
 */
export function brokenRule(password: string, owner: Owner, common: readonly string[]): PasswordRule | undefined {
  const count = countCharacters(password);
  if (count < MIN) return "short";
  if (count > MAX) return "long";
  const folded = password.toLowerCase();
  if (isCommon(folded, common)) return "common";
  return isKnown(folded, owner) ? "known" : undefined;
}

/** Whether a password is on the list, or is one of the list with other digits at its end. */
function isCommon(folded: string, common: readonly string[]): boolean {
  const stem = stemOf(folded);
  return common.some((line) => line === folded || (stem !== "" && (line === stem || stemOf(line) === stem)));
}

function stemOf(text: string): string {
  return text.replace(/[0-9]+$/, "");
}

/** Whether little remains of a password without what everybody can know. */
function isKnown(folded: string, { email, name }: Owner): boolean {
  const address = email.trim().toLowerCase();
  const at = address.lastIndexOf("@");
  const [local, domain] = at < 0 ? [address, ""] : [address.slice(0, at), address.slice(at + 1)];
  const words = [local, domain, name.toLowerCase()].flatMap((text) => text.split(/[^\p{Alphabetic}\p{N}]+/u));
  const parts = [PRODUCT, address, local, domain, ...words].filter((part) => countCharacters(part) >= PART_MIN);
  // A long part before the shorter ones that it contains.
  parts.sort((one, other) => other.length - one.length);
  const rest = parts.reduce((text, part) => text.replaceAll(part, ""), folded);
  return countCharacters(rest) < UNKNOWN_MIN;
}
