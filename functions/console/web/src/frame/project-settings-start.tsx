import { getRouteApi, Navigate } from "@tanstack/react-router";
import { useProjectSections } from "./sections";

const route = getRouteApi("/a/$account/p/$project/settings");

/** Leads to the first section of the project's settings that this person may see. */
export function ProjectSettingsStart() {
  const params = route.useParams();
  const [first] = useProjectSections();
  return <Navigate params={params} replace to={first?.to ?? "/a/$account/p/$project/settings/general"} />;
}
