import { Navigate } from "@tanstack/react-router";
import { useAccount } from "../api/me";
import { useSections } from "./sections";

/** Leads to the first section that this person may see. */
export function SettingsStart() {
  const { id } = useAccount();
  const [first] = useSections();
  return <Navigate params={{ account: id }} replace to={first?.to ?? "/a/$account/settings/account"} />;
}
