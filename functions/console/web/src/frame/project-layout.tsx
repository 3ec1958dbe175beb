import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "../api/me";
import { archivedProjectsOptions, projectsOptions } from "../api/projects";
import { frame } from "../texts/en/frame";
import styles from "./frame.module.css";
import { useMedia } from "./media";
import { FailedPage, LoadingPage, MessagePage } from "./pages";
import { ProjectSwitcher } from "./project-switcher";

const route = getRouteApi("/a/$account/p/$project");

/** The pages of one project; on phones, below its switcher. */
export function ProjectLayout() {
  const { project } = route.useParams();
  const may = useMay();
  const isPhone = useMedia("(max-width: 767px)");
  const [seen, setSeen] = useState<string>();
  const listed = useQuery({ ...projectsOptions, enabled: may("projects.read") });
  const isListed = listed.data?.some(({ id }) => id === project);
  // The list leaves out archived projects, which somebody else may have archived just now.
  const archived = useQuery({ ...archivedProjectsOptions, enabled: isListed === false, staleTime: 0 });
  const isFound = isListed || archived.data?.some(({ id }) => id === project);
  if (isFound && seen !== project) setSeen(project);
  if (isListed === false && !isFound) {
    if (archived.error && !archived.data) {
      return <FailedPage error={archived.error} reset={() => void archived.refetch()} />;
    }
    // A project that is archived or restored is in neither list until both are read again: its page stays.
    const isUnsettled = listed.isFetching || archived.isFetching;
    if (!isUnsettled) return <MessagePage title={frame.noProjectTitle}>{frame.noProject}</MessagePage>;
    if (seen !== project) return <LoadingPage />;
  }
  return (
    <>
      {isPhone && (
        <div className={styles.phoneTop}>
          <ProjectSwitcher />
        </div>
      )}
      {/* Nothing that was open or typed in one project stays in another. */}
      <Outlet key={project} />
    </>
  );
}
