import { useQuery } from "@tanstack/react-query";
import { useMatches } from "@tanstack/react-router";
import { currentAccount } from "../api/client";
import { useMay, useMe } from "../api/me";
import { archivedProjectsOptions, type Project, projectsOptions } from "../api/projects";
import { preferredProject } from "../preferred-project";
import { storage } from "../storage";

/** The projects that the person may see. */
export function useProjects(): readonly Project[] {
  const may = useMay();
  const isInAccount = useMe().account != null && currentAccount() !== undefined;
  return useQuery({ ...projectsOptions, enabled: isInAccount && may("projects.read") }).data ?? [];
}

/** Tries to read the projects again; undefined unless that failed. */
export function useProjectsAgain(): (() => void) | undefined {
  const { data, error, refetch } = useQuery({ ...projectsOptions, enabled: false });
  return error && !data ? () => void refetch() : undefined;
}

/** Whether the person is known to have no project but archived ones. */
export function useHasNoProject(): boolean {
  return useQuery({ ...projectsOptions, enabled: false }).data?.length === 0;
}

/** The archived projects, for those who may restore one. */
export function useArchivedProjects(): readonly Project[] {
  const may = useMay();
  const isInAccount = useMe().account != null && currentAccount() !== undefined;
  return useQuery({ ...archivedProjectsOptions, enabled: isInAccount && may("projects.write") }).data ?? [];
}

/** Id of the project that the address names. */
export function useProjectInAddress(): string | undefined {
  return useMatches()
    .map(({ params }) => (params as { project?: string }).project)
    .find(Boolean);
}

/** The project of the address, or the one that was shown last: that of the sidebar. */
export function useShownProject(): { id: string; name: string | undefined } | undefined {
  const named = useProjectInAddress();
  const projects = useProjects();
  const archived = useArchivedProjects();
  const id = named ?? preferredProject(projects, storage.get("project"));
  return id === undefined
    ? undefined
    : { id, name: [...projects, ...archived].find((project) => project.id === id)?.name };
}
