import type { ImportField, ImportRecord, MappedColumn } from "../../../api/imports";
import { formatNumber } from "../../../format";
import { imports as texts } from "../../../texts/en/imports";

/** “1,204 new, 12 changed, 3 errors”; new, changed and errors also where there are none. */
export function summaryOf({ counts }: Pick<ImportRecord, "counts">): string {
  return [
    texts.countNew(formatNumber(counts.new)),
    texts.countChanged(formatNumber(counts.changed)),
    ...(counts.unchanged > 0 ? [texts.countUnchanged(formatNumber(counts.unchanged))] : []),
    texts.countErrors(formatNumber(counts.errors), counts.errors === 1),
  ].join(", ");
}

/** Users whom an import would add or change. */
export function importable({ counts }: Pick<ImportRecord, "counts">): number {
  return counts.new + counts.changed;
}

export type Step = "file" | "check" | "columns" | "import";

/** The step that an import is at. */
export function stepOf({ dry_run, status }: Pick<ImportRecord, "dry_run" | "status">): Step {
  if (status === "uploading") return "file";
  return dry_run ? "check" : "import";
}

/** Share that is done, from 0 to 1; undefined until the number of rows is known. */
export function shareOf({ rows, settled }: Pick<ImportRecord, "rows" | "settled">): number | undefined {
  return rows ? Math.min(1, settled / rows) : undefined;
}

/** The columns for which a choice can be made, with what they hold so far. */
export function choicesOf({ columns, mapping }: Pick<ImportRecord, "columns" | "mapping">): MappedColumn[] {
  return columns.map(({ name, field }) => ({
    column: name,
    field: mapping.find(({ column }) => column === name)?.field ?? field,
  }));
}

/** The fields that more than one column is to hold. */
export function twiceIn(mapping: readonly MappedColumn[]): ImportField[] {
  const fields = mapping.flatMap(({ field }) => field ?? []);
  return [...new Set(fields.filter((field, index) => fields.indexOf(field) !== index))];
}
