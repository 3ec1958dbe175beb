import type { Project } from "../src/api/projects";
import { ago, id as newId, projects } from "./data.ts";
import { providers } from "./providers.ts";
import { change, created, invalid, ok, page, problem, type Routes, stale } from "./reply.ts";

const all = (): Project[] => Object.values(projects).flat();
const one = (id: string | undefined, by: Parameters<typeof change<Project>>[2]) =>
  change(all(), (project) => project.id === id, by);

/** Projects and the providers. */
export const projectsRoutes: Routes = [
  ["GET /v1/providers", () => ok({ items: providers })],
  [
    "GET /v1/projects",
    (call) => {
      const isArchived = call.query.get("archived") === "true";
      const own: Project[] = projects[String(call.headers["vestibule-account"])] ?? [];
      return page(
        call,
        own.filter(({ archived_at }) => Boolean(archived_at) === isArchived),
      );
    },
  ],
  [
    "POST /v1/projects",
    (call) => {
      const account = String(call.headers["vestibule-account"]);
      const made: Project = {
        id: newId(),
        name: String(call.body.name),
        history_days: 30,
        created_at: ago(0),
        updated_at: ago(0),
      };
      projects[account] = [...(projects[account] ?? []), made];
      return created(made);
    },
  ],
  ["GET /v1/projects/*", (_, [id]) => one(id, () => undefined)],
  [
    "PATCH /v1/projects/*",
    (call, [id]) =>
      one(id, (project) => {
        const refusal = stale(call, project);
        if (refusal) return refusal;
        if (call.body.history_days > 365) return invalid({ history_days: "must be at most 365" });
        Object.assign(project, call.body, { updated_at: ago(0) });
        return undefined;
      }),
  ],
  [
    "POST /v1/projects/*/archive",
    (_, [id]) =>
      one(id, (project) => {
        project.archived_at = ago(0);
        return undefined;
      }),
  ],
  [
    "POST /v1/projects/*/restore",
    (_, [id]) =>
      one(id, (project) => {
        project.archived_at = null;
        return undefined;
      }),
  ],
  [
    "DELETE /v1/projects/*",
    ({ body }, [id]) =>
      one(id, (project) => {
        if (body.name !== project.name) return problem(409, "other-name", "The project has another name", "Type it.");
        for (const list of Object.values(projects)) {
          const place = list.indexOf(project);
          if (place >= 0) list.splice(place, 1);
        }
        return { status: 202, body: { id: project.id, deleting_since: ago(0) } };
      }),
  ],
];
