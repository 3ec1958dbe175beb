import { formatDateTime, formatNumber } from "../../../format";
import { audit as texts } from "../../../texts/en/audit";

/** A value in words. Of a list, each item that the other side lacks is marked. */
export interface Part {
  text: string;
  isOnlyHere: boolean;
}

/** A field with its value before and after; undefined where there was none. */
export interface Line {
  path: string;
  before: Part[] | undefined;
  after: Part[] | undefined;
  isChanged: boolean;
}

type Scalar = string | number | boolean | null;
type Leaf = Scalar | Scalar[];

const isScalar = (value: unknown): value is Scalar => value === null || typeof value !== "object";

/** The values of a record by their paths: `rules.factor_required`. Lists of plain values stay together. */
export function flatten(value: unknown, path = ""): Map<string, Leaf> {
  const found = new Map<string, Leaf>();
  if (value === undefined) return found;
  if (isScalar(value)) return found.set(path, value);
  if (Array.isArray(value) && value.every(isScalar)) return found.set(path, value);
  for (const [name, inner] of Object.entries(value as object)) {
    for (const [place, leaf] of flatten(inner, path ? `${path}.${name}` : name)) found.set(place, leaf);
  }
  return found;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

export function wordsOf(value: Scalar): string {
  if (value === null || value === "") return texts.emptyValue;
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (typeof value === "number") return formatNumber(value);
  return TIME.test(value) && !Number.isNaN(Date.parse(value)) ? formatDateTime(value) : value;
}

function partsOf(leaf: Leaf | undefined, other: Leaf | undefined): Part[] | undefined {
  if (leaf === undefined) return undefined;
  if (!Array.isArray(leaf)) {
    return [{ text: wordsOf(leaf), isOnlyHere: JSON.stringify(leaf) !== JSON.stringify(other) }];
  }
  if (leaf.length === 0) return [{ text: texts.emptyValue, isOnlyHere: false }];
  const others = Array.isArray(other) ? other : [];
  return leaf.map((item) => ({ text: wordsOf(item), isOnlyHere: !others.includes(item) }));
}

/** Both sides of an entry, field by field. What there was none of is null there. */
export function compare(before: unknown, after: unknown): Line[] {
  const earlier = before === null ? new Map<string, Leaf>() : flatten(before);
  const later = after === null ? new Map<string, Leaf>() : flatten(after);
  const paths = new Set([...earlier.keys(), ...later.keys()]);
  return [...paths].map((path) => {
    const [old, next] = [earlier.get(path), later.get(path)];
    return {
      path,
      before: partsOf(old, next),
      after: partsOf(next, old),
      isChanged: JSON.stringify(old) !== JSON.stringify(next),
    };
  });
}

/** The name of the record in the values of an entry. */
export function nameIn(...values: unknown[]): string | undefined {
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    const { name, email } = value as { name?: unknown; email?: unknown };
    for (const words of [name, email]) if (typeof words === "string" && words !== "") return words;
  }
  return undefined;
}

/** Whether an action is an attempt that was refused. */
export function isRefused(action: string): boolean {
  return /[._]refused$/.test(action);
}
