/** Hands a file to the person who asked for it. */
export function saveFile(parts: readonly BlobPart[], type: string, name: string): void {
  const address = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the address by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Hands a record over as JSON that people can read too. */
export function saveJson(record: unknown, name: string): void {
  saveFile([`${JSON.stringify(record, null, 2)}\n`], "application/json", name);
}

/** The name of a file from what it holds, of whom, and the day: `audit-acme-2026-11-29.csv`. */
export function fileName(kind: string, owner: string, ending: string, now: Date = new Date()): string {
  const plain = owner
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, "-")
    .replace(/^-|-$/g, "");
  return `${[kind, plain, now.toISOString().slice(0, 10)].filter(Boolean).join("-")}.${ending}`;
}
