/** Readers of search parameters. What is missing or not valid becomes undefined, so that every address shows a page. */
type Raw = Record<string, unknown>;

/** A text, trimmed; undefined if it is empty. */
export function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  const words = typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : "";
  return words === "" ? undefined : words.slice(0, 500);
}

/** One of some words. */
export function oneOf<const Word extends string>(raw: Raw, name: string, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === raw[name]);
}

/** A day, `2026-11-22`. */
export function day(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}

/** Whether a parameter is on. */
export function flag(raw: Raw, name: string): true | undefined {
  return raw[name] === true || raw[name] === "true" || raw[name] === 1 ? true : undefined;
}
