import styles from "./marked.module.css";

/** A part of a text, in UTF-16 units. */
export interface Range {
  start: number;
  end: number;
}

/** The parts of one field of a record that a search found. */
export function rangesIn<F extends string>(
  { matches }: { matches: readonly (Range & { field: F })[] },
  field: NoInfer<F>,
): Range[] {
  return matches.filter((match) => match.field === field).map(({ start, end }) => ({ start, end }));
}

/** A text in parts, each with its place and whether it is marked. Ranges that overlap or lie outside are put right. */
export function partsOf(text: string, ranges: readonly Range[]): { at: number; words: string; isMarked: boolean }[] {
  const parts: { at: number; words: string; isMarked: boolean }[] = [];
  let at = 0;
  const add = (end: number, isMarked: boolean) => {
    if (end > at) parts.push({ at, words: text.slice(at, end), isMarked });
    at = Math.max(at, end);
  };
  for (const { start, end } of ranges.toSorted((one, other) => one.start - other.start)) {
    add(Math.min(start, text.length), false);
    add(Math.min(end, text.length), true);
  }
  add(text.length, false);
  return parts;
}

/** A text in which what a search found is marked. */
export function Marked({ text, ranges }: { text: string; ranges: readonly Range[] }) {
  return (
    <bdi>
      {partsOf(text, ranges).map(({ at, words, isMarked }) =>
        isMarked ? (
          <mark className={styles.mark} key={at}>
            {words}
          </mark>
        ) : (
          words
        ),
      )}
    </bdi>
  );
}
