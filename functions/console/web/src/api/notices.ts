import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { type Me, meOptions, updateMe } from "./me";
import { isProblem, unwrap } from "./problems";
import type { Project } from "./projects";
import { queryClient, readAll } from "./query";

export interface AccountProjects {
  id: string;
  name: string;
  projects: Project[];
}

/** Tries at a record that others keep changing. */
const ATTEMPTS = 3;

/** Switches notices of one project off or on, and leaves what another tab chose for others. */
export async function muteProject(id: string, isMuted: boolean): Promise<Me> {
  for (let attempt = 1; ; attempt += 1) {
    const { value, etag } = await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
    const others = value.preferences.muted_projects.filter((muted) => muted !== id);
    try {
      return await updateMe({ preferences: { muted_projects: isMuted ? [...others, id] : others } }, etag);
    } catch (error) {
      if (!isProblem(error, "precondition-failed") || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The projects whose new requests the person may be told of, by account. Each call names its own account. */
export function noticedProjectsOptions(accounts: Me["accounts"]) {
  const open = accounts.filter(({ opens }) => opens);
  return queryOptions({
    queryKey: ["noticed-projects", open.map(({ id }) => id)],
    queryFn: async ({ signal }): Promise<AccountProjects[]> => {
      const read = await Promise.all(open.map((account) => projectsOf(account, signal)));
      return read.filter(({ projects }) => projects.length > 0);
    },
    staleTime: 60_000,
  });
}

async function projectsOf({ id, name }: { id: string; name: string }, signal: AbortSignal): Promise<AccountProjects> {
  const headers = { "Vestibule-Account": id };
  const held = unwrap(await client.GET("/v1/me", { headers, signal })).account?.permissions ?? [];
  // Digests go to those who may decide; the names are for those who may see projects.
  if (!held.includes("access_requests.decide") || !held.includes("projects.read")) return { id, name, projects: [] };
  const projects = await readAll<Project>((cursor) =>
    client.GET("/v1/projects", { params: { query: { cursor, limit: 100 } }, headers, signal }),
  );
  return { id, name, projects };
}
