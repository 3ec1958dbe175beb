const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_LETTERS = 10;

/** The time in an id, in milliseconds; undefined if the text is no id. */
export function timeOf(id: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return undefined;
  return [...id.slice(0, TIME_LETTERS)].reduce((time, letter) => time * 32 + ALPHABET.indexOf(letter), 0);
}
