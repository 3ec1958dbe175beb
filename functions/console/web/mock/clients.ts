import { ago, clients, id, members } from "./data.ts";
import { change, created, page, problem, type Routes, removeFrom, stale } from "./reply.ts";

/** Clients. */
export const clientsRoutes: Routes = [
  ["GET /v1/clients", (call) => page(call, clients)],
  [
    "POST /v1/clients",
    ({ body }) => {
      const client = {
        id: id(),
        name: body.name,
        channels: body.channels ?? [],
        is_default: false,
        created_at: ago(0),
        updated_at: ago(0),
      };
      clients.push(client);
      return created(client);
    },
  ],
  [
    "GET /v1/clients/*",
    (_, [client]) =>
      change(
        clients,
        (known) => known.id === client,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/clients/*",
    (call, [client]) =>
      change(
        clients,
        (known) => known.id === client,
        (known) => stale(call, known) ?? void Object.assign(known, call.body, { updated_at: ago(0) }),
      ),
  ],
  [
    "DELETE /v1/clients/*",
    (_, [client]) => {
      if (clients.find((known) => known.id === client)?.is_default)
        return problem(409, "default-client", "The default client stays", "It can be renamed.");
      if (clients.find((known) => known.id === client)?.name === "Globex") {
        const extras = {
          members: members.slice(2, 3).map(({ id: member, name }) => ({ id: member, name })),
          connectors: [{ id: "01JD3Q3Z9V8M4T6K2N7P5R1SK0", project_id: "01JD3Q3Z9V8M4T6K2N7P5R1SJ0" }],
        };
        return problem(409, "client-in-use", "The client is in use", "Change what uses it first.", extras);
      }
      return removeFrom(clients, (known) => known.id === client);
    },
  ],
];
