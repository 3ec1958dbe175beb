import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap, unwrapTagged } from "./problems";
import { readAll, recordOptions } from "./query";
import type { components } from "./schema";

/** Limits, channels by client, teams and skills of a member. */
export type Work = components["schemas"]["WorkResponse"];
export type Member = components["schemas"]["MemberResponse"];
export type MemberStatus = components["schemas"]["MemberStatusName"];
export type UpdateMember = components["schemas"]["UpdateMemberRequest"];

/** Every member, by name: a team is short enough to be searched here. */
export const allMembersOptions = queryOptions({
  queryKey: ["members", "all"],
  queryFn: ({ signal }) =>
    readAll<Member>((cursor) => client.GET("/v1/members", { params: { query: { cursor, limit: 100 } }, signal })),
});

export function memberOptions(id: string) {
  return recordOptions<Member>(["member", id], (signal) =>
    client.GET("/v1/members/{member_id}", { params: { path: { member_id: id } }, signal }),
  );
}

export async function updateMember(id: string, body: UpdateMember, etag?: string) {
  const params = { path: { member_id: id }, header: { "If-Match": etag } };
  return unwrapTagged<Member>(await client.PATCH("/v1/members/{member_id}", { params, body }));
}

export async function suspendMember(id: string): Promise<Member> {
  return unwrap(await client.POST("/v1/members/{member_id}/suspend", { params: { path: { member_id: id } } }));
}

export async function reinstateMember(id: string): Promise<Member> {
  return unwrap(await client.POST("/v1/members/{member_id}/reinstate", { params: { path: { member_id: id } } }));
}

export async function removeMember(id: string, revokeInvitations: boolean) {
  const params = { path: { member_id: id } };
  const body = { revoke_invitations: revokeInvitations };
  return unwrap(await client.POST("/v1/members/{member_id}/remove", { params, body }));
}
