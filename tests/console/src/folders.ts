import { resolve } from "node:path";

/** The folder of the repository. */
export const root = resolve(import.meta.dirname, "..", "..", "..");
/** The folder of files that are not committed. */
export const local = resolve(root, ".local");
