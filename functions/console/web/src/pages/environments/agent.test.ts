import { expect, it } from "vitest";
import { type Environment, usesOf } from "../../api/environments";
import { ApiProblem } from "../../api/problems";
import { changeOf, madeSecret, RULES, reasonOf, valuesOf } from "./agent";
import { moved } from "./order";

const AGENT = {
  endpoint: "https://agent.example.com/deliveries",
  timeout_seconds: 25,
  max_in_flight: 20,
  delivery_days: 3,
  events: ["message.edited"],
  signing_secret: { set: true },
} as unknown as NonNullable<Environment["agent"]>;

it("an environment moves to the place where it is put, and the others keep their order (U412)", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "c", "b"]);
});

it("only what differs of an agent is sent, and all of a first one (U412)", () => {
  const stored = valuesOf({ agent: AGENT });
  expect(changeOf(stored, stored)).toEqual({});
  expect(changeOf(stored, { ...stored, timeout: "10", events: [] })).toEqual({
    agent: { timeout_seconds: 10, events: [] },
  });
  const first = { ...valuesOf({ agent: null }), endpoint: " https://agent.example.com " };
  expect(changeOf(undefined, first)).toEqual({
    agent: {
      endpoint: "https://agent.example.com",
      timeout_seconds: 25,
      max_in_flight: 20,
      delivery_days: 3,
      events: [],
    },
  });
});

it("numbers of an agent stay within their limits (U412)", () => {
  const values = valuesOf({ agent: AGENT });
  for (const [name, good, bad] of [
    ["timeout", "25", "26"],
    ["inFlight", "100", "0"],
    ["days", "14", "2.5"],
  ] as const) {
    expect(RULES[name]?.(good, values)).toBeUndefined();
    expect(RULES[name]?.(bad, values)).toMatch(/^Enter a whole number from 1 to/);
  }
  expect(RULES.endpoint?.("agent.example.com", values)).toBe("Enter an https address");
});

it("a secret is there to show only in the answer that made it (U412, U138)", () => {
  expect(madeSecret(AGENT)).toBeUndefined();
  expect(madeSecret({ ...AGENT, signing_secret: "whsec_1" })).toBe("whsec_1");
  expect(madeSecret(null)).toBeUndefined();
});

it("reasons are words where there are some (U412)", () => {
  expect(reasonOf("http_503")).toBe("HTTP 503");
  expect(reasonOf("not_delivered_in_time")).toBe("No answer in time");
  expect(reasonOf("131047")).toBe("131047");
});

it("the refusal to delete an environment names the connectors that lead to it", () => {
  const body = { type: "/problems/environment-in-use", title: "", detail: "", status: 409, request_id: "" };
  const leading_connectors = [{ id: "C", name: "Slack" }];
  expect(usesOf(new ApiProblem({ ...body, leading_connectors, messages_wait: true }))).toEqual({
    leading_connectors,
    other_connectors: 0,
    users: { count: 0, more: false, some: [] },
    messages_wait: true,
    is_settling: false,
  });
  expect(usesOf(new ApiProblem({ ...body, type: "/problems/conflict" }))).toBeUndefined();
});
