import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap } from "./problems";
import { readOptions } from "./query";
import type { components } from "./schema";

export type Invitation = components["schemas"]["InvitationResponse"];
export type CreateInvitation = components["schemas"]["CreateInvitationRequest"];
export type TimelineEntry = components["schemas"]["TimelineEntry"];

interface InvitationPage {
  items: Invitation[];
  next_cursor?: string | null;
}

/** Reads invitations, the newest first, until the predicate has seen enough or there are no more. */
export async function readInvitationsUntil(
  isEnough: (found: readonly Invitation[]) => boolean,
  read: (cursor: string | undefined) => Promise<InvitationPage>,
): Promise<Invitation[]> {
  const found: Invitation[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    found.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && !isEnough(found));
  return found;
}

function readNewest(signal?: AbortSignal) {
  return async (cursor: string | undefined) =>
    unwrap(await client.GET("/v1/invitations", { params: { query: { cursor, limit: 100, order: "newest" } }, signal }));
}

/** The invitations with these ids. The list also has those that ended long ago, so it is read no further than needed. */
export function invitationsByIdOptions(ids: readonly string[]) {
  const wanted = new Set(ids);
  return queryOptions({
    queryKey: ["invitations", "by-id", [...ids].sort()],
    queryFn: async ({ signal }) => {
      if (wanted.size === 0) return [];
      const isWanted = ({ id }: Invitation) => wanted.has(id);
      const found = await readInvitationsUntil(
        (seen) => seen.filter(isWanted).length === wanted.size,
        readNewest(signal),
      );
      return found.filter(isWanted);
    },
    placeholderData: keepPreviousData,
  });
}

/** The latest invitation of an address, whatever became of it. */
export async function latestInvitationOf(email: string): Promise<Invitation | undefined> {
  const wanted = email.trim().toLowerCase();
  const isWanted = (invitation: Invitation) => invitation.email === wanted;
  const found = await readInvitationsUntil((seen) => seen.some(isWanted), readNewest());
  return found.find(isWanted);
}

export function invitationOptions(id: string) {
  return readOptions(["invitation", id], (signal) =>
    client.GET("/v1/invitations/{invitation_id}", { params: { path: { invitation_id: id } }, signal }),
  );
}

export async function invite(body: CreateInvitation, idempotencyKey: string): Promise<Invitation> {
  const params = { header: { "Idempotency-Key": idempotencyKey } };
  return unwrap(await client.POST("/v1/invitations", { params, body }));
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
