import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { client, send, setAccount } from "./client";
import { Unreachable } from "./problems";
import { session } from "./session";
import { takeStarted } from "./started";

const PATH = "/v1/projects?limit=100";
const ACCOUNT = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  });
const fetched = vi.fn(async (_: Request) => json("fetched"));
const call = (init: RequestInit = {}, path = PATH) =>
  send(new Request(`http://localhost${path}`, { headers: { "Vestibule-Account": ACCOUNT }, ...init }));
const begin = (answer: Promise<Response>, account: string | null = ACCOUNT) => {
  answer.catch(() => {});
  const url = `http://localhost${PATH}`;
  globalThis.startedCalls = [{ method: "GET", url, account, body: "", at: performance.now(), answer }];
};

beforeEach(() => {
  vi.useFakeTimers();
  fetched.mockClear();
  vi.stubGlobal("fetch", fetched);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  globalThis.startedCalls = undefined;
  setAccount(undefined);
  session.signedOut();
});

describe("a call that began before the code came (U173)", () => {
  it("answers the same call, once", async () => {
    begin(Promise.resolve(json("started")));
    expect(await (await call()).json()).toBe("started");
    expect(fetched).not.toHaveBeenCalled();
    expect(await (await call()).json()).toBe("fetched");
  });

  it("answers the call as the typed client makes it", async () => {
    begin(Promise.resolve(json({ items: [] })));
    setAccount(ACCOUNT);
    const { data } = await client.GET("/v1/projects", { params: { query: { limit: 100 } } });
    expect(data).toEqual({ items: [] });
    expect(fetched).not.toHaveBeenCalled();
  });

  it.each([
    ["another account", { headers: { "Vestibule-Account": "01JD3Q3Z9V8M4T6K2N7P5R1S0G" } }, PATH],
    ["no account", { headers: {} }, PATH],
    ["another query", {}, `${PATH}&order=oldest`],
    ["a change", { method: "POST" }, PATH],
  ])("does not answer a call with %s", async (_, init, path) => {
    begin(Promise.resolve(json("started")));
    expect(await (await call(init, path)).json()).toBe("fetched");
  });

  it("answers a call that looks at the same thing, and none that looks at another", async () => {
    const url = `http://localhost${PATH}`;
    const answer = Promise.resolve(json("started"));
    const begun = { method: "POST", url, account: null, body: '{"token":"1"}', at: performance.now(), answer };
    globalThis.startedCalls = [begun];
    const other = await takeStarted(new Request(url, { method: "POST", body: '{"token":"2"}' }));
    expect(other).toBeUndefined();
    const look = await send(new Request(url, { method: "POST", body: '{"token":"1"}' }));
    expect(await look.json()).toBe("started");
    expect(fetched).not.toHaveBeenCalled();
  });

  it("does not answer a call for an account if it named none", async () => {
    begin(Promise.resolve(json("started")), null);
    expect(await (await call()).json()).toBe("fetched");
  });

  it("is too old after 15 seconds", async () => {
    begin(Promise.resolve(json("started")));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await (await call()).json()).toBe("fetched");
  });

  it("is forgotten after a change, which it knows nothing of", async () => {
    begin(Promise.resolve(json("started")));
    await call({ method: "POST" });
    expect(await (await call()).json()).toBe("fetched");
  });

  it("is forgotten after a change of which nobody knows whether it was made", async () => {
    begin(Promise.resolve(json("started")));
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(call({ method: "POST" })).rejects.toBeInstanceOf(Unreachable);
    expect(await (await call()).json()).toBe("fetched");
  });

  it("stays where a look that began early, too, was answered", async () => {
    begin(Promise.resolve(json("started")));
    const url = `http://localhost${PATH}/inspect`;
    const answer = Promise.resolve(json("looked"));
    globalThis.startedCalls?.push({ method: "POST", url, account: ACCOUNT, body: "", at: performance.now(), answer });
    expect(await (await call({ method: "POST" }, `${PATH}/inspect`)).json()).toBe("looked");
    expect(await (await call()).json()).toBe("started");
    expect(fetched).not.toHaveBeenCalled();
  });

  it("is forgotten once the session has ended", async () => {
    begin(Promise.resolve(json("started")));
    fetched.mockResolvedValueOnce(json({ type: "/problems/sign-in-again" }, 401));
    await call({}, "/v1/me");
    expect(await (await call()).json()).toBe("fetched");
  });

  it("says that no answer came", async () => {
    begin(Promise.reject(new TypeError("Failed to fetch")));
    await expect(call()).rejects.toBeInstanceOf(Unreachable);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("is repeated once after the gateway's limit (U122)", async () => {
    begin(Promise.resolve(new Response("{}", { status: 429, headers: { "retry-after": "1" } })));
    const answer = call();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await (await answer).json()).toBe("fetched");
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("is repeated after a new sign-in, where it met the end of the session (U135)", async () => {
    session.began("01L");
    begin(Promise.resolve(json({ type: "/problems/sign-in-again" }, 401)));
    const answer = call();
    await vi.waitFor(() => expect(session.isEnded()).toBe(true));
    session.resumed();
    expect(await (await answer).json()).toBe("fetched");
  });

  it("keeps nobody waiting who has left", async () => {
    begin(new Promise(() => {}));
    const leaving = new AbortController();
    const answer = call({ signal: leaving.signal });
    leaving.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });
});
