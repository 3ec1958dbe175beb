import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useMay } from "../api/me";
import { projectsOptions } from "../api/projects";
import { frame } from "../texts/en/frame";
import styles from "./frame.module.css";
import { useMedia } from "./media";
import { MessagePage } from "./pages";
import { ProjectSwitcher } from "./project-switcher";

const route = getRouteApi("/a/$account/p/$project");

/** The pages of one project; on phones, below its switcher. */
export function ProjectLayout() {
  const { project } = route.useParams();
  const may = useMay();
  const isPhone = useMedia("(max-width: 767px)");
  const projects = useQuery({ ...projectsOptions, enabled: may("projects.read") }).data;
  if (projects && !projects.some(({ id }) => id === project)) {
    return <MessagePage title={frame.noProjectTitle}>{frame.noProject}</MessagePage>;
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
