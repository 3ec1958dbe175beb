import { useState } from "react";
import { type EndUserQuery, exportEndUsers } from "../../api/end-users";
import { fileName } from "../../download";
import { ExportDialog, type ExportFormat } from "../../frame/export-dialog";
import { useProjectId } from "../../frame/project-id";
import { useShownProject } from "../../frame/use-project";
import { endUsers as texts } from "../../texts/en/end-users";
import { ConfirmDialog } from "../../ui";

interface Props {
  query: EndUserQuery;
  isFiltered: boolean;
  isOpen: boolean;
  onClose: () => void;
}

/** Says that an export holds personal data, then exports the users as they are filtered (U410). */
export function ExportUsers({ query, isFiltered, isOpen, onClose }: Props) {
  const project = useProjectId();
  const name = useShownProject()?.name ?? "";
  const [format, setFormat] = useState<ExportFormat>();
  return (
    <>
      <ConfirmDialog
        action={texts.exportBegin}
        isOpen={isOpen}
        kind="primary"
        onClose={onClose}
        onConfirm={() => setFormat("csv")}
        title={texts.exportTitle}
      >
        {texts.exportAsk}
      </ConfirmDialog>
      <ExportDialog
        about={isFiltered ? texts.exportFiltered : texts.exportAll}
        format={format}
        nameOf={(as) => fileName("users", name, as)}
        onClose={() => setFormat(undefined)}
        read={(_, cursor, signal) => exportEndUsers(project, query, cursor, signal)}
        texts={texts}
      />
    </>
  );
}
