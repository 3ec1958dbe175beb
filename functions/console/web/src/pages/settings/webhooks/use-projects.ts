import { useQuery } from "@tanstack/react-query";
import { useMay } from "../../../api/me";
import { projectsOptions } from "../../../api/projects";
import { webhooks as texts } from "../../../texts/en/webhooks";

/** The projects to which a webhook can be limited, and the name of a limit. */
export function useProjects() {
  const mayRead = useMay()("projects.read");
  const projects = useQuery({ ...projectsOptions, enabled: mayRead }).data ?? [];
  return {
    projects,
    /** The limit in words; empty or null for the whole account. */
    nameOf: (id: string | null | undefined): string =>
      id ? (projects.find((project) => project.id === id)?.name ?? texts.otherProject) : texts.wholeAccount,
  };
}
