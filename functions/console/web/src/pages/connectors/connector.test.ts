import { describe, expect, it } from "vitest";
import type { Connector } from "../../api/connectors";
import type { Provider } from "../../api/providers";
import { fieldOfOutcome, fieldsOf, fixedReason, partOf, stateOf } from "./connector";

const base = { can_connect: true, webhook_connected_at: null, last_message_at: null, last_test: null };
const failed = { at: "2026-11-22T10:00:00Z", outcome: "failed", problem: "Slack does not know this token." } as const;

describe("the state of a connector (U301)", () => {
  it("is told by the platform that takes the address from the API", () => {
    expect(stateOf(base).state).toBe("notConnected");
    expect(stateOf({ ...base, webhook_connected_at: "2026-11-22T10:00:00Z" }).state).toBe("connected");
  });

  it("is shown by the first message where people enter the address by hand", () => {
    const byHand = { ...base, can_connect: false };
    expect(stateOf({ ...byHand, last_test: { at: "2026-11-22T10:00:00Z", outcome: "ok" } }).state).toBe("notConnected");
    expect(stateOf({ ...byHand, last_message_at: "2026-11-22T10:00:00Z" }).state).toBe("connected");
  });

  it("is that the credentials do not work after a test that failed, whatever came before", () => {
    const connected = { ...base, webhook_connected_at: "2026-11-22T10:00:00Z", last_test: failed };
    expect(stateOf(connected)).toEqual({ state: "broken", about: "Slack does not know this token." });
    expect(stateOf({ ...connected, last_test: { ...failed, outcome: "unavailable" } }).state).toBe("connected");
  });
});

it("the channel and client of a customer's own system stay, and nothing else does (U305)", () => {
  expect(fixedReason("api", "client")).toMatch(/another connector for another client/);
  expect(fixedReason("api", "channel")).toMatch(/another connector for another channel/);
  expect(fixedReason("api", "reply_url")).toBeUndefined();
  expect(fixedReason("slack", "client")).toBeUndefined();
});

describe("the fields of a platform", () => {
  const field = (name: string, previous_in: string | null = null) => ({
    name,
    previous_in,
    secret: true,
    required: true,
    fill: "nothing" as const,
    help: "",
  });

  it("leave out those that keep previous secrets", () => {
    const provider = { fields: [field("auth_token", "previous_auth_token"), field("previous_auth_token")] };
    expect(fieldsOf(provider as unknown as Provider).map(({ name }) => name)).toEqual(["auth_token"]);
  });

  it("stand below the provider's key in a connector and in the outcome of a test", () => {
    const connector = { provider: "360dialog", "360dialog": { phone_number_id: "1" } } as unknown as Connector;
    expect(partOf(connector)).toEqual({ phone_number_id: "1" });
    expect(partOf({ provider: "slack" } as Connector)).toEqual({});
    expect(fieldOfOutcome("slack.bot_token")).toBe("bot_token");
    expect(fieldOfOutcome(null)).toBeUndefined();
  });
});
