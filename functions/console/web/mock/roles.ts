import { ago, id, members, permissions, roles } from "./data.ts";
import { change, created, invalid, ok, problem, type Routes, removeFrom, stale } from "./reply.ts";

/** Permissions and roles. */
export const rolesRoutes: Routes = [
  ["GET /v1/permissions", () => ok({ items: permissions, next_cursor: null })],
  ["GET /v1/roles", () => ok({ items: roles, next_cursor: null })],
  [
    "POST /v1/roles",
    ({ body }) => {
      const taken = roles.find(({ name }) => name.toLowerCase() === String(body.name).toLowerCase());
      if (taken) return invalid({ name: "is the name of another role" });
      const role = {
        key: id(),
        name: body.name,
        description: body.description ?? null,
        permissions: body.permissions,
        built_in: false,
        created_at: ago(0),
        updated_at: ago(0),
      };
      roles.push({ ...role, id: role.key });
      return created(role);
    },
  ],
  [
    "GET /v1/roles/*",
    (_, [role]) =>
      change(
        roles,
        ({ key }) => key === role,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/roles/*",
    (call, [role]) =>
      change(
        roles,
        ({ key }) => key === role,
        (known) => stale(call, known) ?? void Object.assign(known, call.body, { updated_at: ago(0) }),
      ),
  ],
  [
    "DELETE /v1/roles/*",
    (_, [role]) => {
      const holders = members
        .filter((member) => member.role?.key === role)
        .map(({ id: member, name }) => ({ id: member, name }));
      if (holders.length > 0)
        return problem(409, "role-in-use", "Members hold the role", "Give them another role first.", {
          members: holders,
        });
      return removeFrom(roles, ({ key }) => key === role);
    },
  ],
];
