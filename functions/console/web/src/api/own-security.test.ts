import { afterEach, expect, it, vi } from "vitest";
import { beginFactor } from "./own-security";
import { session } from "./session";

afterEach(() => {
  vi.unstubAllGlobals();
  session.signedOut();
});

it("begins a second factor with the password of the login", async () => {
  const sent: Request[] = [];
  const begun = { secret: "GEZDGNBVGY3TQOJQ", uri: "otpauth://totp/Vestibule:ana" };
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    return new Response(JSON.stringify(begun), { status: 201, headers: { "content-type": "application/json" } });
  });
  await expect(beginFactor("seven red kites over Lisbon")).resolves.toEqual(begun);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.method).toBe("POST");
  expect(new URL(sent[0]?.url ?? "").pathname).toBe("/v1/me/factor");
  expect(await sent[0]?.json()).toEqual({ password: "seven red kites over Lisbon" });
});
