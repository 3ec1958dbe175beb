import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { client, send, setAccount } from "./client";
import { Unreachable } from "./problems";
import { session } from "./session";

const PATH = "http://localhost/v1/members";

function problem(status: number, kind: string, headers: Record<string, string> = {}): Response {
  const body = { type: `/problems/${kind}`, title: kind, status, detail: "", request_id: "1" };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

function gateway(status: number, headers: Record<string, string> = {}): Response {
  return new Response('{"message":"…"}', { status, headers: { "content-type": "application/json", ...headers } });
}

const fine = () => new Response('{"items":[]}', { status: 200, headers: { "content-type": "application/json" } });

let sent: Request[];

/** Answers one call after another; the last answer stays. */
function answers(...list: (() => Response)[]): void {
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    const next = list[Math.min(sent.length, list.length) - 1];
    return next?.() ?? fine();
  });
}

beforeEach(() => {
  sent = [];
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  setAccount(undefined);
  session.signedOut();
});

describe("a call", () => {
  it("says that it comes from the console, and for which account (U172)", async () => {
    answers(fine);
    setAccount("01A");
    await client.GET("/v1/members");
    expect(sent[0]?.headers.get("X-Vestibule-Console")).toBe("1");
    expect(sent[0]?.headers.get("Vestibule-Account")).toBe("01A");
  });

  it("names no account where there is none", async () => {
    answers(fine);
    await client.GET("/v1/members");
    expect(sent[0]?.headers.has("Vestibule-Account")).toBe(false);
  });

  it("may name another account than the one that is shown", async () => {
    answers(fine);
    setAccount("01A");
    await client.GET("/v1/members", { headers: { "Vestibule-Account": "01B" } });
    expect(sent[0]?.headers.get("Vestibule-Account")).toBe("01B");
  });

  it("is repeated once after the gateway's limit, without telling (U122)", async () => {
    answers(() => gateway(429, { "retry-after": "2" }), fine);
    const answer = send(new Request(PATH));
    await vi.advanceTimersByTimeAsync(1_900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect((await answer).status).toBe(200);
    expect(sent).toHaveLength(2);
  });

  it("is not repeated a second time", async () => {
    answers(() => gateway(429));
    const answer = send(new Request(PATH));
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await answer).status).toBe(429);
    expect(sent).toHaveLength(2);
  });

  it.each([
    ["a long wait", () => gateway(429, { "retry-after": "40" })],
    ["too many attempts", () => problem(429, "too-many-attempts", { "retry-after": "2" })],
    ["an error of the gateway", () => gateway(503)],
  ])("is not repeated after %s", async (_, refusal) => {
    answers(refusal);
    await send(new Request(PATH));
    expect(sent).toHaveLength(1);
  });

  it("says that no answer came", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(send(new Request(PATH))).rejects.toBeInstanceOf(Unreachable);
  });
});

describe("a session that ends", () => {
  const write = () => new Request(PATH, { method: "POST", body: '{"name":"Ana"}' });

  it.each(["sign-in-again", "unauthenticated"])(
    "holds a call that is answered %s until somebody signed in again, then repeats it with what was typed (U135)",
    async (type) => {
      session.began("01L");
      answers(() => problem(401, type), fine);
      const answer = send(write());
      await vi.waitFor(() => expect(session.isEnded()).toBe(true));
      expect(sent).toHaveLength(1);
      session.resumed();
      expect((await answer).status).toBe(200);
      expect(await sent[1]?.text()).toBe('{"name":"Ana"}');
      expect(session.isEnded()).toBe(false);
    },
  );

  it("lets every call that waits go on", async () => {
    session.began("01L");
    answers(
      () => problem(401, "sign-in-again"),
      () => problem(401, "sign-in-again"),
      fine,
    );
    const both = [send(write()), send(new Request(PATH))];
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    await vi.waitFor(() => expect(session.isEnded()).toBe(true));
    session.resumed();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it("is not told of a call that a change of the login overtook (U135)", async () => {
    session.began("01L");
    const change = Promise.withResolvers<Response>();
    const read = Promise.withResolvers<Response>();
    vi.stubGlobal("fetch", (request: Request) => {
      sent.push(request);
      if (request.method === "POST") return change.promise;
      return sent.length < 3 ? read.promise : Promise.resolve(fine());
    });
    const told = vi.fn();
    const leave = session.subscribe(() => told(session.isEnded()));
    const answer = send(new Request(PATH));
    const changed = send(new Request("http://localhost/v1/me/factor/confirm", { method: "POST", body: "{}" }));
    read.resolve(problem(401, "sign-in-again"));
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(2);
    change.resolve(fine());
    expect((await changed).status).toBe(200);
    expect((await answer).status).toBe(200);
    expect(sent).toHaveLength(3);
    expect(told).not.toHaveBeenCalledWith(true);
    leave();
  });

  it("is told where a change of the login finds it ended as well", async () => {
    session.began("01L");
    answers(
      () => problem(401, "sign-in-again"),
      () => problem(401, "sign-in-again"),
      fine,
    );
    const change = new Request("http://localhost/v1/me/password", { method: "POST", body: "{}" });
    const both = [send(change), send(new Request(PATH))];
    await vi.waitFor(() => expect(session.isEnded()).toBe(true));
    session.resumed();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it("is an ordinary answer where nobody was signed in", async () => {
    answers(() => problem(401, "sign-in-again"));
    expect((await send(new Request(PATH))).status).toBe(401);
    expect(session.isEnded()).toBe(false);
  });

  it.each(["wrong-code", "wrong-credentials"])("is not what %s says", async (kind) => {
    session.began("01L");
    answers(() => problem(401, kind));
    expect((await send(new Request(PATH))).status).toBe(401);
    expect(session.isEnded()).toBe(false);
  });

  it("does not hold the sign-in itself", async () => {
    session.began("01L");
    answers(() => problem(401, "sign-in-again"));
    expect((await send(new Request("http://localhost/v1/auth/factor", { method: "POST" }))).status).toBe(401);
    expect(session.isEnded()).toBe(false);
  });
});
