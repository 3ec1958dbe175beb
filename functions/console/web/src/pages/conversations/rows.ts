import type { Conversation } from "../../api/conversations";

/** The rows of a list: what polling finds never moves them under the hand (U124). */
export interface Rows {
  shown: readonly Conversation[];
  /** Ids of rows that are shown and no longer in the view. */
  left: ReadonlySet<string>;
  /** New conversations that wait until they are asked for. */
  waiting: number;
}

/**
 * The rows after a reading. Rows keep their places, with what is known of them now; new ones wait, unless they come after the last row.
 * Only a list that was read to its end tells that a conversation left it.
 */
export function arranged(
  before: readonly Conversation[] | undefined,
  loaded: readonly Conversation[],
  isWhole: boolean,
): Rows {
  if (!before || before.length === 0) return { shown: loaded, left: new Set(), waiting: 0 };
  const now = new Map(loaded.map((conversation) => [conversation.id, conversation]));
  const known = new Set(before.map(({ id }) => id));
  const lastKnown = loaded.findLastIndex(({ id }) => known.has(id));
  const isNew = ({ id }: Conversation) => !known.has(id);
  const behind = lastKnown < 0 ? [] : loaded.slice(lastKnown + 1);
  const waiting = (lastKnown < 0 ? loaded : loaded.slice(0, lastKnown)).filter(isNew);
  return {
    shown: [...before.map((row) => now.get(row.id) ?? row), ...behind],
    left: new Set(isWhole ? before.flatMap(({ id }) => (now.has(id) ? [] : [id])) : []),
    waiting: waiting.length,
  };
}
