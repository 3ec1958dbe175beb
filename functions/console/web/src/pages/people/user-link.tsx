import { Link } from "@tanstack/react-router";
import { useAccount } from "../../api/me";
import type { Named } from "../../api/upcoming-connectors";
import { useProjectId } from "../../frame/project-id";

/** Leads to a user of the project. */
export function UserLink({ user }: { user: Named }) {
  const account = useAccount().id;
  const project = useProjectId();
  // The page of the users comes with its own route; its address is known (U110).
  const to = "/a/$account/p/$project/settings/users/$id" as "/a/$account/p/$project/people/$id";
  return (
    <Link params={{ account, project, id: user.id }} to={to}>
      <bdi>{user.display_name}</bdi>
    </Link>
  );
}
