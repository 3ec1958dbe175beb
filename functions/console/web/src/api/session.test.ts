import { afterEach, describe, expect, it, vi } from "vitest";
import { followOtherTabs, session } from "./session";

const otherTab = new BroadcastChannel("vestibule");
const onSignedIn = vi.fn();
const onSignedOut = vi.fn();
followOtherTabs(onSignedIn, onSignedOut);

afterEach(() => {
  session.resumedHere();
  session.signedOut();
  vi.clearAllMocks();
});

describe("a session that ended here", () => {
  it("goes on once it was renewed in another tab (U135)", async () => {
    session.began("01L");
    const again = session.again(session.renewals);
    await vi.waitFor(() => expect(session.isEnded()).toBe(true));
    otherTab.postMessage("renewed");
    expect(await again).toBe(true);
    expect(session.isEnded()).toBe(false);
    expect(onSignedIn).not.toHaveBeenCalled();
  });

  it("waits until it is known who signed in, in another tab", async () => {
    session.began("01L");
    const again = session.again(session.renewals);
    await vi.waitFor(() => expect(session.isEnded()).toBe(true));
    otherTab.postMessage("signed-in");
    await vi.waitFor(() => expect(onSignedIn).toHaveBeenCalledOnce());
    expect(session.isEnded()).toBe(true);
    session.resumedHere();
    expect(await again).toBe(true);
  });

  it("is forgotten with a sign-out in another tab, also by a call that waits for a change", async () => {
    session.began("01L");
    const change = Promise.withResolvers<Response>();
    const changed = session.mayRenew(change.promise);
    const again = session.again(session.renewals);
    otherTab.postMessage("signed-out");
    await vi.waitFor(() => expect(onSignedOut).toHaveBeenCalledOnce());
    change.resolve(new Response(null, { status: 401 }));
    await changed;
    expect(await again).toBe(false);
    expect(session.isEnded()).toBe(false);
  });

  it("is asked for where the change that may have renewed it did not arrive", async () => {
    session.began("01L");
    const change = Promise.withResolvers<Response>();
    const changed = session.mayRenew(change.promise).catch((error: unknown) => error);
    const again = session.again(session.renewals);
    change.reject(new TypeError("Failed to fetch"));
    expect(await changed).toBeInstanceOf(TypeError);
    await vi.waitFor(() => expect(session.isEnded()).toBe(true));
    session.resumed();
    expect(await again).toBe(true);
  });
});
