import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAccount } from "../../api/me";
import { useProjectId } from "../../frame/project-id";

/** Leads to the pending requests of one connector. */
export function RequestsLink({ connector, children }: { connector: string; children: ReactNode }) {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <Link className="target" params={{ account, project }} search={{ connector }} to="/a/$account/p/$project/requests">
      {children}
    </Link>
  );
}
