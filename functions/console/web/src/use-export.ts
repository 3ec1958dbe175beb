import { useState } from "react";
import { fileName, saveJson } from "./download";
import { common } from "./texts/en/common";
import { errorText, toasts } from "./ui";

/** Reads a record when it is asked for, and hands it over as a file that names what it holds and of whom. */
export function useExport(kind: string, owner: string, read: () => Promise<unknown>) {
  const [isBusy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      saveJson(await read(), fileName(kind, owner, "json"));
      toasts.done(common.exported);
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, start: () => void start() };
}
