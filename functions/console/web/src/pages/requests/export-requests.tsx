import type { RequestQuery } from "../../api/access-requests";
import { exportRequests } from "../../api/request-decisions";
import { fileName } from "../../download";
import { ExportDialog } from "../../frame/export-dialog";
import { requestExport as texts } from "../../texts/en/request-export";

interface Props {
  project: { id: string; name: string };
  /** Filters of the list that is exported. */
  query: RequestQuery;
  isOpen: boolean;
  onClose: () => void;
}

/** The list as it is filtered, as a file. */
export function ExportRequests({ project, query, isOpen, onClose }: Props) {
  return (
    <ExportDialog
      about={texts.exportAbout}
      format={isOpen ? "csv" : undefined}
      nameOf={(format) => fileName("access-requests", project.name, format)}
      onClose={onClose}
      read={(_, cursor, signal) => exportRequests(project.id, query, cursor, signal)}
      texts={texts}
    />
  );
}
