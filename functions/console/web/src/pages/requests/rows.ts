import type { AccessRequest } from "../../api/access-requests";

/**
 * The rows of a list as a person sees them. What is read meanwhile changes rows in their places and never moves them: new ones wait until
 * they are asked for, and those that somebody else decided say so before they go.
 */
export interface Rows {
  /** In the order of the page; undefined until the first answer came. */
  ids: readonly string[] | undefined;
  records: ReadonlyMap<string, AccessRequest>;
  /** Ids that were read since, and are not shown yet. */
  waiting: readonly string[];
  /** Ids that were decided here. An answer that was under way then may name them once more. */
  done: ReadonlySet<string>;
  /** Why rows are about to go, by id. */
  leaving: ReadonlyMap<string, string>;
}

export const NO_ROWS: Rows = {
  ids: undefined,
  records: new Map(),
  waiting: [],
  done: new Set(),
  leaving: new Map(),
};

export type Change =
  /** The list was read; `takes` says whether new rows are shown at once. */
  | { kind: "read"; loaded: readonly AccessRequest[]; takes: boolean }
  /** The waiting rows are shown, where the order puts them. */
  | { kind: "show"; atEnd: boolean }
  /** One request was read by itself. */
  | { kind: "record"; request: AccessRequest }
  | { kind: "leave"; id: string; why: string }
  | { kind: "remove"; ids: readonly string[] };

export function change(rows: Rows, step: Change): Rows {
  switch (step.kind) {
    case "read":
      return read(rows, step.loaded, step.takes);
    case "show":
      return show(rows, step.atEnd);
    case "record":
      return { ...rows, records: new Map(rows.records).set(step.request.id, step.request) };
    case "leave":
      return { ...rows, leaving: new Map(rows.leaving).set(step.id, step.why) };
    case "remove":
      return remove(rows, step.ids);
  }
}

function read(rows: Rows, loaded: readonly AccessRequest[], takes: boolean): Rows {
  const records = new Map(rows.records);
  for (const request of loaded) records.set(request.id, request);
  const shown = new Set(rows.ids);
  const fresh = loaded.map(({ id }) => id).filter((id) => !shown.has(id) && !rows.done.has(id));
  // Where there is no row, none can move.
  if (takes || shown.size === 0) return { ...rows, records, ids: [...(rows.ids ?? []), ...fresh], waiting: [] };
  return { ...rows, records, waiting: fresh };
}

function show(rows: Rows, atEnd: boolean): Rows {
  const shown = rows.ids ?? [];
  return { ...rows, ids: atEnd ? [...shown, ...rows.waiting] : [...rows.waiting, ...shown], waiting: [] };
}

function remove(rows: Rows, gone: readonly string[]): Rows {
  const done = new Set([...rows.done, ...gone]);
  const leaving = new Map([...rows.leaving].filter(([id]) => !done.has(id)));
  return {
    ...rows,
    done,
    leaving,
    ids: rows.ids?.filter((id) => !done.has(id)),
    waiting: rows.waiting.filter((id) => !done.has(id)),
  };
}

/** The requests to show, in their order. */
export function shownRows({ ids, records }: Rows): AccessRequest[] | undefined {
  return ids?.flatMap((id) => records.get(id) ?? []);
}

/** Ids of rows that the list, as it was read last, does not have any more. */
export function missingRows({ ids, leaving }: Rows, loaded: readonly AccessRequest[]): string[] {
  const present = new Set(loaded.map(({ id }) => id));
  return (ids ?? []).filter((id) => !present.has(id) && !leaving.has(id));
}

/** The row that takes the focus when some go: the next one that stays, or else the one before. */
export function successor(ids: readonly string[], gone: ReadonlySet<string>, from: string): string | undefined {
  const place = ids.indexOf(from);
  const after = ids.slice(place + 1).find((id) => !gone.has(id));
  return after ?? ids.slice(0, Math.max(place, 0)).findLast((id) => !gone.has(id));
}

/** The ids from one row to another, both included; in the order of the page. */
export function range(ids: readonly string[], from: string | undefined, to: string): string[] {
  const [start, end] = [from === undefined ? -1 : ids.indexOf(from), ids.indexOf(to)];
  if (end < 0) return [];
  if (start < 0) return [to];
  return ids.slice(Math.min(start, end), Math.max(start, end) + 1);
}
