import { folded } from "../folded";
import { matching } from "./combo-box-state";
import type { Option } from "./field";

/** Value of the option that makes a new entry of what was typed. */
export const CREATE = "\u0000create";

/** A typed entry as it is kept: without space around it, and one space between words. */
export function cleaned(typed: string): string {
  return typed.trim().replace(/\s+/g, " ");
}

/** The entry that is called like this, if capital letters do not count. */
export function named(options: readonly Option[], typed: string): Option | undefined {
  const words = cleaned(typed).toLocaleLowerCase();
  return options.find(({ label }) => cleaned(label).toLocaleLowerCase() === words);
}

/** The options that can be added: those that match and are not chosen, then a new entry, if nothing is called like it. */
export function offered(
  options: readonly Option[],
  chosen: readonly string[],
  typed: string,
  create: ((typed: string) => string) | undefined,
): Option[] {
  const left = matching(options, typed).filter(({ value }) => !chosen.includes(value));
  const words = cleaned(typed);
  const isNew = words !== "" && !named(options, words);
  return isNew && create ? [...left, { value: CREATE, label: create(words) }] : [...left];
}

/** The option that Enter takes after typing: the one of this name, or else the first one. */
export function firstActive(shown: readonly Option[], typed: string): string | undefined {
  if (folded(typed).trim() === "") return undefined;
  return (named(shown, typed) ?? shown[0])?.value;
}

/** The option above or below the active one, on from the last to the first. */
export function nextActive(shown: readonly Option[], active: string | undefined, by: 1 | -1): string | undefined {
  const place = shown.findIndex(({ value }) => value === active);
  const start = place < 0 && by < 0 ? 0 : place;
  return shown[(start + by + shown.length) % shown.length]?.value;
}
