import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { readOptions, recordOptions } from "./query";
import type { components } from "./schema";

export type Role = components["schemas"]["RoleResponse"];
export type PermissionDetails = components["schemas"]["PermissionResponse"];

/** All roles, built-in ones first. */
export const rolesOptions = readOptions(["roles"], (signal) => client.GET("/v1/roles", { signal }));

/** Every permission there is, with its label, area and description. */
export const permissionsOptions = readOptions(["permissions"], (signal) => client.GET("/v1/permissions", { signal }));

export function roleOptions(id: string) {
  return recordOptions(["role", id], (signal) =>
    client.GET("/v1/roles/{role_id}", { params: { path: { role_id: id } }, signal }),
  );
}

export async function createRole(
  body: components["schemas"]["CreateRoleRequest"],
  idempotencyKey: string,
): Promise<Role> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/roles", { params, body })) as Role;
}

export async function updateRole(id: string, body: components["schemas"]["UpdateRoleRequest"], etag?: string) {
  const params = { path: { role_id: id }, header: { "If-Match": etag } };
  return unwrapTagged(await client.PATCH("/v1/roles/{role_id}", { params, body }));
}

export async function deleteRole(id: string, etag?: string): Promise<void> {
  const params = { path: { role_id: id }, header: { "If-Match": etag } };
  unwrap(await client.DELETE("/v1/roles/{role_id}", { params }));
}
