import { resolve } from "node:path";
import { local } from "../src/folders.ts";

/** Folder of what a run leaves. */
export const FOLDER = resolve(local, "screenshots");
/** Folder of the single pictures, and of a note for each scene. */
export const ALBUM = resolve(FOLDER, "album");
/** Folder of the sheets: the four forms of a scene in one picture. */
export const SHEETS = resolve(FOLDER, "sheets");
