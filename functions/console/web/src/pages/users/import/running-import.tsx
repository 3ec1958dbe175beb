import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { readUsersAgain } from "../../../api/end-users";
import { type ImportStatus, latestImportOptions } from "../../../api/imports";
import { useAccount, useMay } from "../../../api/me";
import { useProjectId } from "../../../frame/project-id";
import { imports as texts } from "../../../texts/en/imports";
import { Notice } from "../../../ui";
import { useUpload } from "./upload";

function wordsOf(status: ImportStatus): ((name: string) => string) | undefined {
  if (status === "importing") return texts.running;
  if (status === "checking") return texts.isChecked;
  if (status === "checked") return texts.waits;
  return status === "stopped" ? texts.wasStopped : undefined;
}

/** Leads from the list of users back to an import that is under way, waits after its check, or was stopped (U410). */
export function RunningImport() {
  const account = useAccount().id;
  const project = useProjectId();
  const mayWrite = useMay()("end_users.write");
  const upload = useUpload(project);
  const { data } = useQuery({ ...latestImportOptions(project), enabled: mayWrite });
  const isImporting = data?.status === "importing";
  const wasImporting = useRef(false);
  useEffect(() => {
    // The list shows what the import changed.
    if (wasImporting.current && !isImporting) void readUsersAgain(project);
    wasImporting.current = isImporting;
  }, [isImporting, project]);
  if (upload) {
    return (
      <Notice>
        <p>
          <bdi>{texts.uploading(upload.name)}</bdi>.{" "}
          <Link params={{ account, project }} to="/a/$account/p/$project/settings/users/import">
            {texts.show}
          </Link>
        </p>
      </Notice>
    );
  }
  const words = data && wordsOf(data.status);
  if (!words) return null;
  return (
    <Notice>
      <p>
        <bdi>{words(data.file_name)}</bdi>{" "}
        <Link params={{ account, project, import: data.id }} to="/a/$account/p/$project/settings/users/import/$import">
          {texts.show}
        </Link>
      </p>
    </Notice>
  );
}
