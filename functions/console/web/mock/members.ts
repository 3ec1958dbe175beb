import { ago, members, roles } from "./data.ts";
import { change, ok, page, problem, type Routes, stale } from "./reply.ts";

/** Members. */
export const membersRoutes: Routes = [
  [
    "GET /v1/members",
    (call) => {
      const role = call.query.get("role");
      const status = call.query.get("status");
      return page(
        call,
        members.filter(
          (member) =>
            member.status !== "removed" &&
            (!role || (member.role?.key ?? "none") === role) &&
            (!status || member.status === status),
        ),
      );
    },
  ],
  [
    "GET /v1/members/*",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        () => undefined,
      ),
  ],
  [
    "PATCH /v1/members/*",
    (call, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          const refusal = stale(call, known);
          if (refusal) return refusal;
          const { role, ...rest } = call.body;
          if (
            known.is_you &&
            role !== undefined &&
            role !== "super_admin" &&
            !members.some((other) => !other.is_you && other.status === "active" && other.role?.key === "super_admin")
          ) {
            return problem(
              409,
              "last-super-admin",
              "An account keeps at least one active super admin",
              "Make another member a super admin first.",
            );
          }
          const held = roles.find(({ key }) => key === role);
          if (role !== undefined) known.role = held ? { key: held.key, name: held.name } : null;
          Object.assign(known, rest, { updated_at: ago(0) });
          const now = roles.find(({ key }) => key === known.role?.key);
          known.permissions = [...(now?.permissions ?? []), ...known.extra_permissions];
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/members/*/suspend",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          known.status = "suspended";
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/members/*/reinstate",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          known.status = "active";
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/members/*/remove",
    (_, [member]) =>
      change(
        members,
        (known) => known.id === member,
        (known) => {
          known.status = "removed";
          return ok({ member: known, ended: { api_keys: 1, invitations: 0 } });
        },
      ),
  ],
];
