import { ago, projects } from "./data.ts";
import { providers } from "./providers.ts";
import { ok, page, type Routes } from "./reply.ts";

/** Projects, their environments and the providers. */
export const projectsRoutes: Routes = [
  [
    "GET /v1/projects/*/environments",
    (call) =>
      page(
        call,
        ["Development", "Staging", "Production"].map((name, position) => ({
          id: `01JD3Q3Z9V8M4T6K2N7P5R1SE${position}`,
          name,
          position,
          agent: null,
          created_at: ago(0),
          updated_at: ago(0),
        })),
      ),
  ],
  ["GET /v1/providers", () => ok({ items: providers })],
  ["GET /v1/projects", (call) => page(call, projects[String(call.headers["vestibule-account"])] ?? [])],
];
