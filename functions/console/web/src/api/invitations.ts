import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE, readOptions } from "./query";
import type { components } from "./schema";

export type Invitation = components["schemas"]["InvitationResponse"];
export type CreateInvitation = components["schemas"]["CreateInvitationRequest"];
export type TimelineEntry = components["schemas"]["TimelineEntry"];

export const invitationsOptions = listOptions(["invitations"], (cursor, signal) =>
  client.GET("/v1/invitations", { params: { query: { cursor, limit: PAGE } }, signal }),
);

export function invitationOptions(id: string) {
  return readOptions(["invitation", id], (signal) =>
    client.GET("/v1/invitations/{invitation_id}", { params: { path: { invitation_id: id } }, signal }),
  );
}

export async function invite(body: CreateInvitation, idempotencyKey: string): Promise<Invitation> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/invitations", { params, body })) as Invitation;
}

export async function resendInvitation(id: string): Promise<Invitation> {
  const params = { path: { invitation_id: id } };
  return unwrap(await client.POST("/v1/invitations/{invitation_id}/resend", { params }));
}

export async function revokeInvitation(id: string): Promise<Invitation> {
  const params = { path: { invitation_id: id } };
  return unwrap(await client.POST("/v1/invitations/{invitation_id}/revoke", { params }));
}

/** Makes a new link to copy; links made before stay valid. */
export async function makeInvitationLink(id: string): Promise<string> {
  const params = { path: { invitation_id: id } };
  return unwrap(await client.POST("/v1/invitations/{invitation_id}/link", { params })).url;
}

export async function liftMailBlock(id: string): Promise<Invitation> {
  const params = { path: { invitation_id: id } };
  return unwrap(await client.POST("/v1/invitations/{invitation_id}/lift-mail-block", { params }));
}
