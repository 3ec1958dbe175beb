import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAccount } from "../../api/me";
import { useProjectId } from "../../frame/project-id";

/** Leads to the pending requests of one connector. */
export function RequestsLink({ connector, children }: { connector: string; children: ReactNode }) {
  const account = useAccount().id;
  const project = useProjectId();
  // The page of the requests comes with its own route; its address is known (U110).
  const to = "/a/$account/p/$project/requests" as "/a/$account/p/$project/connectors";
  const search: Record<string, unknown> = { connector };
  return (
    <Link params={{ account, project }} search={search} to={to}>
      {children}
    </Link>
  );
}
