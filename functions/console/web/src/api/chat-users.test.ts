import { afterEach, expect, it, vi } from "vitest";
import { personsRequestsOptions } from "./chat-users";
import { queryClient } from "./query";

const PERSON = { id: "ada", identifier: "U0123" };
const request = (id: string, chat_user_id: string, created_at: string) => ({ id, chat_user_id, created_at });

afterEach(() => {
  vi.unstubAllGlobals();
  queryClient.clear();
});

/** Answers the pages of a list in their order, and notes what was asked. */
function answering(...pages: object[][]): URL[] {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", (call: Request) => {
    const items = pages[asked.length] ?? [];
    asked.push(new URL(call.url));
    return Promise.resolve(Response.json({ items, next_cursor: asked.length < pages.length ? "more" : null }));
  });
  return asked;
}

it("a person's requests are found over short pages, without those of longer identifiers, the newest first", async () => {
  const old = request("old", "ada", "2026-11-20T10:00:00Z");
  const young = request("young", "ada", "2026-11-22T10:00:00Z");
  const asked = answering([], [old, request("other", "bob", "2026-11-21T10:00:00Z")], [young]);
  const found = await queryClient.fetchQuery(personsRequestsOptions("P", PERSON));
  expect(found.map(({ id }) => id)).toEqual(["young", "old"]);
  expect(asked.map(({ searchParams }) => searchParams.get("q"))).toEqual(["U0123", "U0123", "U0123"]);
  expect(asked.map(({ searchParams }) => searchParams.get("cursor"))).toEqual([null, "more", "more"]);
});

it("an identifier that is longer than a search is searched by its beginning", async () => {
  const asked = answering([]);
  await queryClient.fetchQuery(personsRequestsOptions("P", { ...PERSON, identifier: "x".repeat(300) }));
  expect(asked[0]?.searchParams.get("q")).toBe("x".repeat(200));
});
