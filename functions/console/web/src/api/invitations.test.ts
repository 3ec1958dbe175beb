import { expect, it, vi } from "vitest";
import { type Invitation, readInvitationsUntil } from "./invitations";

const invitation = (id: string) => ({ id }) as Invitation;

it("reads invitations no further than needed", async () => {
  const read = vi.fn(async (cursor: string | undefined) => ({
    items: [invitation(cursor ?? "first")],
    next_cursor: cursor === undefined ? "second" : "third",
  }));
  const found = await readInvitationsUntil((seen) => seen.some(({ id }) => id === "second"), read);
  expect(found.map(({ id }) => id)).toEqual(["first", "second"]);
  expect(read).toHaveBeenCalledTimes(2);
});

it("ends at the last page, even if something was not found", async () => {
  const found = await readInvitationsUntil(
    () => false,
    async (cursor) => ({ items: [invitation(cursor ?? "first")], next_cursor: cursor === undefined ? "last" : null }),
  );
  expect(found.map(({ id }) => id)).toEqual(["first", "last"]);
});
