import { describe, expect, it } from "vitest";
import { ApiProblem, isProblem, readFailure, readRetryAfter, ServiceBusy, unwrap, unwrapTagged } from "./problems";

const BODY = {
  type: "/problems/name-taken",
  title: "The name is taken",
  status: 409,
  detail: "Choose another name.",
  request_id: "JKJaX",
};

function response(status: number, type: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers: { "content-type": type, ...headers } });
}

describe("what went wrong", () => {
  it("is the API's problem where the answer is one", () => {
    const failure = readFailure(response(409, "application/problem+json; charset=utf-8"), BODY);
    expect(failure).toBeInstanceOf(ApiProblem);
    expect(isProblem(failure, "name-taken", "other")).toBe(true);
    expect(isProblem(failure, "other")).toBe(false);
    expect((failure as ApiProblem).body.detail).toBe("Choose another name.");
  });

  it.each([
    [429, "application/json", { message: "Too Many Requests" }],
    [503, "application/json", { message: "Service Unavailable" }],
    [500, "text/html", "<h1>Internal Server Error</h1>"],
    [502, "application/problem+json", "not an object"],
    [502, "application/problem+json", null],
  ])("is a busy service where the gateway answers %i (U122)", (status, type, body) => {
    const failure = readFailure(response(status, type, { "retry-after": "7" }), body);
    expect(failure).toBeInstanceOf(ServiceBusy);
    expect(failure.retryAfter).toBe(7);
  });

  it("counts the busy answers of a path in a row, until another answer comes (U122)", () => {
    const answer = (status: number) =>
      Object.defineProperty(new Response(null, { status }), "url", { value: "https://example.com/v1/roles?limit=50" });
    const busy = () => {
      const failure = readFailure(answer(503), undefined);
      return failure instanceof ServiceBusy && failure.before;
    };
    expect([busy(), busy(), busy()]).toEqual([0, 1, 2]);
    unwrap({ data: {}, response: answer(200) });
    expect(busy()).toBe(0);
  });

  it("is thrown instead of data", () => {
    const refused = { error: BODY, response: response(409, "application/problem+json") };
    expect(() => unwrap(refused)).toThrow("The name is taken");
  });

  it("is nothing where the answer has data, with the version that was read", () => {
    const fine = { data: { id: "1" }, response: response(200, "application/json", { etag: '"3"' }) };
    expect(unwrapTagged(fine)).toEqual({ value: { id: "1" }, etag: '"3"' });
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-29T10:00:00Z");

  it.each([
    ["40", 40],
    ["Sun, 29 Nov 2026 10:00:30 GMT", 30],
    ["Sun, 29 Nov 2026 09:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("%s asks for %s seconds", (header, seconds) => {
    expect(readRetryAfter(header, now)).toBe(seconds);
  });
});
