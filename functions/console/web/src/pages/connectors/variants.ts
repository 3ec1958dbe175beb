import { connectorTexts as texts } from "../../texts/en/connectors";

/** A text for people whose platform tells this language of them (A52). */
export interface Variant {
  /** Language tag, such as `pt-BR`. */
  tag: string;
  text: string;
}

const names = new Intl.DisplayNames(["en"], { type: "language" });

/** A tag in its one spelling; undefined for words that are none. */
export function canonicalTag(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag.trim().replaceAll("_", "-"))[0];
  } catch {
    return undefined;
  }
}

/** “Brazilian Portuguese”; the tag itself where it has no name. */
export function languageName(tag: string): string {
  const known = canonicalTag(tag);
  return (known && names.of(known)) ?? tag.trim();
}

/** Variants as a form holds them: a text, so that two states compare. */
export function variantsOf(stored: Readonly<Record<string, string>> | null | undefined): string {
  const sorted = Object.entries(stored ?? {}).sort(([one], [other]) => one.localeCompare(other));
  return writeVariants(sorted.map(([tag, text]) => ({ tag, text })));
}

export function writeVariants(variants: readonly Variant[]): string {
  return variants.length > 0 ? JSON.stringify(variants) : "";
}

export function readVariants(held: string): Variant[] {
  return held ? (JSON.parse(held) as Variant[]) : [];
}

/** The rows in which something stands. */
const given = (held: string) => readVariants(held).filter(({ tag, text }) => tag.trim() || text.trim());

/** The message of the first rule that a variant breaks; `textRule` is that of the default text. */
export function variantsRule(held: string, textRule: (text: string) => string | undefined): string | undefined {
  const seen = new Set<string>();
  for (const { tag, text } of given(held)) {
    const known = canonicalTag(tag);
    if (!known) return texts.languageRule;
    const name = languageName(known);
    if (seen.has(known)) return texts.languageTwice(name);
    seen.add(known);
    if (!text.trim()) return texts.languageText(name);
    const broken = textRule(text);
    if (broken) return `${name}: ${broken}`;
  }
  return undefined;
}

/** The change for the API, which merges: null removes a language. Undefined where nothing differs. */
export function variantsChange(before: string, wanted: string): Record<string, string | null> | undefined {
  const mapOf = (held: string) => new Map(given(held).map(({ tag, text }) => [canonicalTag(tag) ?? tag, text]));
  const [had, wants] = [mapOf(before), mapOf(wanted)];
  const removed = [...had.keys()].filter((tag) => !wants.has(tag)).map((tag) => [tag, null] as const);
  const written = [...wants].filter(([tag, text]) => had.get(tag) !== text);
  const change = [...removed, ...written];
  return change.length > 0 ? Object.fromEntries(change) : undefined;
}

/** Variants in words, for a conflict. */
export function variantWords(held: string): string {
  return given(held)
    .map(({ tag, text }) => `${languageName(tag)}: ${text}`)
    .join("\n");
}
