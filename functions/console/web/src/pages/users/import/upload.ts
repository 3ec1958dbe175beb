import { useSyncExternalStore } from "react";
import { createImport, PART_MAX, startImport, uploadPart } from "../../../api/imports";

/** An upload that is under way in this tab. It goes on while other pages are shown. */
export interface Upload {
  /** Id of the import; undefined until the API has made it. */
  id: string | undefined;
  project: string;
  name: string;
  size: number;
  sent: number;
  error: unknown;
}

let current: Upload | undefined;
let running: { file: File; controller: AbortController; idempotencyKey: string } | undefined;
const listeners = new Set<() => void>();

function set(next: Upload | undefined): void {
  current = next;
  for (const listener of listeners) listener();
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Where the parts of a file begin and end. */
export function partsOf(size: number, max: number = PART_MAX): { number: number; start: number; end: number }[] {
  return Array.from({ length: Math.ceil(size / max) }, (_, index) => ({
    number: index + 1,
    start: index * max,
    end: Math.min((index + 1) * max, size),
  }));
}

/** Uploads a file part by part and begins its check; answers the id of the import. */
export async function upload(project: string, file: File): Promise<string> {
  running?.controller.abort();
  running = { file, controller: new AbortController(), idempotencyKey: crypto.randomUUID() };
  set({ id: undefined, project, name: file.name, size: file.size, sent: 0, error: undefined });
  return goOn();
}

/** Goes on with an upload that failed, at the part that failed. */
export async function goOn(): Promise<string> {
  if (!running || !current) throw new Error("there is no file to upload");
  const { file, controller, idempotencyKey } = running;
  const { project } = current;
  const isMine = () => running?.controller === controller;
  set({ ...current, error: undefined });
  addEventListener("beforeunload", warn);
  try {
    const id = current.id ?? (await createImport(project, file, idempotencyKey)).id;
    if (isMine()) set({ ...current, id });
    for (const { number, start, end } of partsOf(file.size)) {
      if (end <= current.sent) continue;
      await uploadPart(project, id, number, file.slice(start, end), controller.signal);
      if (!isMine()) return id;
      set({ ...current, sent: end });
    }
    await startImport(project, id, { dry_run: true });
    if (isMine()) forget();
    return id;
  } catch (error) {
    if (isMine() && current) set({ ...current, error });
    throw error;
  } finally {
    if (isMine() || running === undefined) removeEventListener("beforeunload", warn);
  }
}

/** Ends an upload, and forgets the file. */
export function stopUpload(): void {
  running?.controller.abort();
  forget();
}

function forget(): void {
  running = undefined;
  removeEventListener("beforeunload", warn);
  set(undefined);
}

/** The upload of this project that is under way in this tab. */
export function useUpload(project: string): Upload | undefined {
  const upload = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
  return upload?.project === project ? upload : undefined;
}
