import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { END_USERS, readUsersAgain } from "../../../api/end-users";
import { importOptions, isUnderWay } from "../../../api/imports";
import { useAccount, useMay } from "../../../api/me";
import { isProblem } from "../../../api/problems";
import { useProjectId } from "../../../frame/project-id";
import { imports as texts } from "../../../texts/en/imports";
import { Notice } from "../../../ui";
import { remembered } from "./remembered";
import { useUpload } from "./upload";

/** Leads back to an import that is under way, from the list of users (U410). */
export function RunningImport() {
  const account = useAccount().id;
  const project = useProjectId();
  const may = useMay();
  const upload = useUpload(project);
  const [id] = useState(() => remembered.get(project));
  const { data, error } = useQuery({
    ...importOptions(project, id ?? ""),
    enabled: id !== null && may(END_USERS.write),
  });
  const isRunning = data !== undefined && isUnderWay(data);
  const isOver = (data !== undefined && !isRunning) || isProblem(error, "not-found");
  useEffect(() => {
    if (!isOver) return;
    remembered.forget(project);
    if (data?.status === "done" && !data.dry_run) void readUsersAgain(project);
  }, [isOver, project, data?.status, data?.dry_run]);
  if (upload) {
    return (
      <Notice>
        <p>
          {texts.uploading(upload.name)}.{" "}
          <Link params={{ account, project }} to="/a/$account/p/$project/settings/users/import">
            {texts.show}
          </Link>
        </p>
      </Notice>
    );
  }
  if (!isRunning) return null;
  return (
    <Notice>
      <p>
        <bdi>{data.dry_run ? `${texts.checking(data.file_name)}.` : texts.running(data.file_name)}</bdi>{" "}
        <Link params={{ account, project, import: data.id }} to="/a/$account/p/$project/settings/users/import/$import">
          {texts.show}
        </Link>
      </p>
    </Notice>
  );
}
