import { decisions } from "../../texts/en/decisions";

/** Characters of a note for other admins. */
export const NOTE_MAX = 4_000;

/** The message of the rule that a note breaks. */
export function noteRule(note: string): string | undefined {
  return [...note.trim()].length > NOTE_MAX ? decisions.noteTooLong : undefined;
}
