import { type AuditFilter, exportAudit } from "../../../api/audit";
import { useAccount } from "../../../api/me";
import { fileName } from "../../../download";
import { ExportDialog as AnyExportDialog, type ExportFormat } from "../../../frame/export-dialog";
import { audit as texts } from "../../../texts/en/audit";

interface Props {
  /** The format that was asked for; undefined while nothing is exported. */
  format: ExportFormat | undefined;
  filter: AuditFilter;
  isFiltered: boolean;
  onClose: () => void;
}

/** Exports the audit log as it is filtered. */
export function ExportDialog({ format, filter, isFiltered, onClose }: Props) {
  const account = useAccount().name;
  return (
    <AnyExportDialog
      about={isFiltered ? texts.exportFiltered : texts.exportAll}
      format={format}
      nameOf={(as) => fileName("audit", account, as)}
      onClose={onClose}
      read={(as, cursor, signal) => exportAudit(filter, as, cursor, signal)}
      texts={texts}
    />
  );
}
