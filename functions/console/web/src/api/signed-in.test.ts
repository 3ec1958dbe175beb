import { afterEach, expect, it, vi } from "vitest";
import { meOptions } from "./me";
import { queryClient } from "./query";
import { session } from "./session";
import { goOnIfSamePerson } from "./signed-in";

const reload = vi.fn();
const goOn = vi.fn(session.resumedHere);

/** Comes back to the tab of 01L, whose own record is read then and finds the session ended; then this login signs in. */
async function signInAgain(login: string): Promise<void> {
  const body = (status: number, value: object) => () =>
    new Response(JSON.stringify(value), {
      status,
      headers: { "content-type": status === 200 ? "application/json" : "application/problem+json" },
    });
  let answer = body(401, { type: "/problems/sign-in-again" });
  vi.stubGlobal("fetch", async () => answer());
  vi.stubGlobal("location", { origin: "http://localhost", reload });
  session.began("01L");
  queryClient.fetchQuery({ ...meOptions, staleTime: 0 }).catch(() => {});
  await vi.waitFor(() => expect(session.isEnded()).toBe(true));
  answer = body(200, { login: { id: login } });
  await goOnIfSamePerson(goOn);
}

afterEach(() => {
  session.resumedHere();
  session.signedOut();
  queryClient.clear();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

it("The same person goes on, also where their own record is what waits (U135)", async () => {
  await signInAgain("01L");
  expect(goOn).toHaveBeenCalledOnce();
  expect(session.isEnded()).toBe(false);
  expect(reload).not.toHaveBeenCalled();
});

it("For somebody else the page begins anew, and nothing that waits is sent (U135)", async () => {
  await signInAgain("01M");
  expect(reload).toHaveBeenCalledOnce();
  expect(goOn).not.toHaveBeenCalled();
  expect(session.isEnded()).toBe(true);
});
