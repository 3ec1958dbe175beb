import { useEffect, useRef, useState } from "react";
import { type Collected, collect, NOTHING } from "../collect";
import { saveFile } from "../download";
import { formatNumber } from "../format";
import { common } from "../texts/en/common";
import { announce, Button, Dialog, ProblemView, toasts } from "../ui";
import styles from "./export-dialog.module.css";

export type ExportFormat = "csv" | "jsonl";

const TYPES: Record<ExportFormat, string> = { csv: "text/csv;charset=utf-8", jsonl: "application/jsonl" };

interface Texts {
  exportTitle: string;
  exportRows: (rows: string) => string;
  exported: (rows: string) => string;
  exportedNothing: string;
  exportGoOn: string;
  cancelled: string;
}

interface Props {
  /** The format that was asked for; undefined while nothing is exported. */
  format: ExportFormat | undefined;
  /** Rows from a cursor on, as text, with the cursor of the rows after them. */
  read: (
    format: ExportFormat,
    cursor: string | undefined,
    signal: AbortSignal,
  ) => Promise<{ text: string; next: string | undefined }>;
  /** Name of the file. */
  nameOf: (format: ExportFormat) => string;
  /** Says which rows are exported. */
  about: string;
  texts: Texts;
  onClose: () => void;
}

/** Reads a list page by page into one file, shows how far it is, and can be stopped. */
export function ExportDialog({ format, read, nameOf, about, texts, onClose }: Props) {
  const [collected, setCollected] = useState<Collected>(NOTHING);
  const [error, setError] = useState<unknown>();
  const running = useRef<AbortController>(undefined);

  const run = async (from: Collected, as: ExportFormat) => {
    const controller = new AbortController();
    running.current = controller;
    setError(undefined);
    setCollected(from);
    try {
      const readPage = (cursor: string | undefined) => read(as, cursor, controller.signal);
      const done = await collect(from, as, readPage, (so) => {
        if (!controller.signal.aborted) setCollected(so);
      });
      if (controller.signal.aborted) return;
      if (done.rows === 0) {
        toasts.done(texts.exportedNothing);
      } else {
        saveFile(done.parts, TYPES[as], nameOf(as));
        toasts.done(texts.exported(formatNumber(done.rows)));
      }
      onClose();
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: begins once, when a format is chosen
  useEffect(() => {
    if (format) void run(NOTHING, format);
    return () => running.current?.abort();
  }, [format]);

  const cancel = () => {
    running.current?.abort();
    announce(texts.cancelled);
    onClose();
  };

  return (
    <Dialog
      actions={
        <>
          <Button onClick={cancel}>{common.cancel}</Button>
          {error !== undefined && format && (
            <Button kind="primary" onClick={() => void run(collected, format)}>
              {collected.rows > 0 ? texts.exportGoOn : common.tryAgain}
            </Button>
          )}
        </>
      }
      isOpen={format !== undefined}
      onClose={cancel}
      size="small"
      title={texts.exportTitle}
    >
      <p className={styles.about}>{about}</p>
      <p className={styles.rows}>{texts.exportRows(formatNumber(collected.rows))}</p>
      {error === undefined ? (
        <div aria-label={texts.exportTitle} className={styles.progress} role="progressbar">
          <i />
        </div>
      ) : (
        <ProblemView error={error} />
      )}
    </Dialog>
  );
}
