import type { ExportFormat } from "./api/audit";

/** The part of an export that was read. */
export interface Collected {
  parts: readonly string[];
  rows: number;
  /** Where the rest begins; undefined before the first page and after the last. */
  next: string | undefined;
}

export const NOTHING: Collected = { parts: [], rows: 0, next: undefined };

interface Page {
  text: string;
  next: string | undefined;
}

/** The rows of a page. Each page of CSV begins with the header, which the file has once. */
export function rowsOf(text: string, format: ExportFormat): { header: string; rows: string; count: number } {
  const lineEnd = format === "csv" ? "\r\n" : "\n";
  const headerEnd = format === "csv" ? text.indexOf(lineEnd) + lineEnd.length : 0;
  const rows = text.slice(headerEnd);
  return { header: text.slice(0, headerEnd), rows, count: rows.split(lineEnd).length - 1 };
}

/** Reads one page after another to the last one, and tells how far it is. What was read before is kept. */
export async function collect(
  before: Collected,
  format: ExportFormat,
  read: (cursor: string | undefined) => Promise<Page>,
  onProgress: (collected: Collected) => void,
): Promise<Collected> {
  let collected = before;
  do {
    const page = await read(collected.next);
    const { header, rows, count } = rowsOf(page.text, format);
    const isFirst = collected.parts.length === 0;
    collected = {
      parts: [...collected.parts, isFirst ? header + rows : rows],
      rows: collected.rows + count,
      next: page.next,
    };
    onProgress(collected);
  } while (collected.next !== undefined);
  return collected;
}
