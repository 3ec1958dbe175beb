import { imports as texts } from "../../../texts/en/imports";

const SIZE_MAX = 20 * 1024 * 1024;

/** Why a file cannot be the one; undefined if it can. */
export function complaintAbout({ name, size }: Pick<File, "name" | "size">): string | undefined {
  if (!/\.(csv|tsv|txt)$/i.test(name)) return texts.notCsv;
  if (size === 0) return texts.empty;
  return size > SIZE_MAX ? texts.tooBig : undefined;
}

/** A file with the headers that are known, and a row as an example. */
export function templateOf(environments: readonly string[]): string {
  const rows = [
    ["Phone Number", "Email", "First Name", "Middle Name", "Last Name", "Environments"],
    ["+1 555-123-4567", "ada@example.com", "Ada", "", "Lovelace", environments.join("; ")],
  ];
  return rows
    .map((cells) => cells.map(quoted).join(","))
    .join("\r\n")
    .concat("\r\n");
}

/** A cell that no program takes for several, or for a formula. */
function quoted(cell: string): string {
  const plain = /^[=@\t\r-]/.test(cell) ? `'${cell}` : cell;
  return /[",;\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
