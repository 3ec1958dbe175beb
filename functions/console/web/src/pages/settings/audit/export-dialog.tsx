import { useEffect, useRef, useState } from "react";
import { type AuditFilter, type ExportFormat, exportAudit } from "../../../api/audit";
import { useAccount } from "../../../api/me";
import { fileName, saveFile } from "../../../download";
import { formatNumber } from "../../../format";
import { audit as texts } from "../../../texts/en/audit";
import { common } from "../../../texts/en/common";
import { announce, Button, Dialog, ProblemView, toasts } from "../../../ui";
import record from "../record.module.css";
import styles from "./audit.module.css";
import { type Collected, collect, NOTHING } from "./collect";

const TYPES: Record<ExportFormat, string> = { csv: "text/csv;charset=utf-8", jsonl: "application/jsonl" };

interface Props {
  /** The format that was asked for; undefined while nothing is exported. */
  format: ExportFormat | undefined;
  filter: AuditFilter;
  isFiltered: boolean;
  onClose: () => void;
}

/** Reads the log page by page into one file, shows how far it is, and can be stopped. */
export function ExportDialog({ format, filter, isFiltered, onClose }: Props) {
  const account = useAccount().name;
  const [collected, setCollected] = useState<Collected>(NOTHING);
  const [error, setError] = useState<unknown>();
  const running = useRef<AbortController>(undefined);

  const run = async (from: Collected, as: ExportFormat) => {
    const controller = new AbortController();
    running.current = controller;
    setError(undefined);
    setCollected(from);
    try {
      const read = (cursor: string | undefined) => exportAudit(filter, as, cursor, controller.signal);
      const done = await collect(from, as, read, (so) => {
        if (!controller.signal.aborted) setCollected(so);
      });
      if (controller.signal.aborted) return;
      if (done.rows === 0) {
        toasts.done(texts.exportedNothing);
      } else {
        saveFile(done.parts, TYPES[as], fileName("audit", account, as));
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
      <p className={record.soft}>{isFiltered ? texts.exportFiltered : texts.exportAll}</p>
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
