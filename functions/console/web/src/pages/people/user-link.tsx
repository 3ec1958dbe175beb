import { Link } from "@tanstack/react-router";
import type { Named } from "../../api/end-users";
import { useAccount } from "../../api/me";
import { useProjectId } from "../../frame/project-id";

/** Leads to a user of the project. */
export function UserLink({ user }: { user: Named }) {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <Link className="target" params={{ account, project, id: user.id }} to="/a/$account/p/$project/settings/users/$id">
      <bdi>{user.display_name}</bdi>
    </Link>
  );
}
