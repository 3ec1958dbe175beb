import { queryOptions } from "@tanstack/react-query";
import { client, currentAccount } from "./client";
import { isProblem, type Tagged, unwrapTagged } from "./problems";
import { queryClient } from "./query";

/** As long as the API lets browsers keep a picture. */
const KEPT = 5 * 60_000;

const key = (member: string) => ["member-image", currentAccount(), member];

/** The picture of a member; null if there is none. */
export function memberImageOptions(member: string) {
  return queryOptions({
    queryKey: key(member),
    queryFn: ({ signal }) => read(member, { signal }),
    staleTime: KEPT,
  });
}

async function read(member: string, how: Pick<RequestInit, "signal" | "cache">): Promise<Tagged<Blob> | null> {
  const params = { path: { member_id: member } };
  try {
    const answer = await client.GET("/v1/members/{member_id}/image", { params, parseAs: "blob", ...how });
    const { value, etag } = unwrapTagged(answer);
    // An answer without content is none.
    return value instanceof Blob && value.size > 0 ? { value, etag } : null;
  } catch (error) {
    if (isProblem(error, "not-found")) return null;
    throw error;
  }
}

/** Reads a picture again, past the browser's cache. */
async function readAgain(member: string): Promise<void> {
  queryClient.setQueryData(key(member), await read(member, { cache: "reload" }));
}

/** Sets the picture of a member: a file in base64. */
export async function setMemberImage(member: string, image: string): Promise<void> {
  const params = { path: { member_id: member } };
  try {
    unwrapTagged(await client.PUT("/v1/members/{member_id}/image", { params, body: { image } }));
  } finally {
    await readAgain(member).catch(() => {});
  }
}

/** Removes the picture of a member, unless it changed since it was seen. */
export async function deleteMemberImage(member: string, etag: string | undefined): Promise<void> {
  const params = { path: { member_id: member }, header: { "If-Match": etag } };
  try {
    unwrapTagged(await client.DELETE("/v1/members/{member_id}/image", { params }));
  } finally {
    await readAgain(member).catch(() => {});
  }
}
