import { useProjectInAddress } from "./use-project";

/** Id of the project that the address names. Only below `/console/a/{account}/p/{project}`. */
export function useProjectId(): string {
  return useProjectInAddress() ?? "";
}
