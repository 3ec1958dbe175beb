import { useQuery } from "@tanstack/react-query";
import { permissionsOptions } from "../api/roles";
import { frame } from "../texts/en/frame";

/** Names the permission that a page needs, by its key if the names cannot be read. */
export function NeededPermission({ permission }: { permission: string }) {
  const { data, isLoading } = useQuery(permissionsOptions);
  if (isLoading) return <span aria-busy="true" />;
  return frame.noPermission(data?.items.find(({ key }) => key === permission)?.label ?? permission);
}
