import { useQuery } from "@tanstack/react-query";
import { useMay } from "../../../api/me";
import { projectsOptions } from "../../../api/projects";
import { common } from "../../../texts/en/common";
import { webhooks as texts } from "../../../texts/en/webhooks";

/** The projects to which a webhook can be limited, and the name of a limit. */
export function useProjects() {
  const mayRead = useMay()("projects.read");
  const read = useQuery({ ...projectsOptions, enabled: mayRead });
  const projects = read.data ?? [];
  const otherName = mayRead && !read.data ? common.ellipsis : texts.otherProject;
  return {
    projects,
    read,
    /** The limit in words; empty or null for the whole account. */
    nameOf: (id: string | null | undefined): string =>
      id ? (projects.find((project) => project.id === id)?.name ?? otherName) : texts.wholeAccount,
  };
}
