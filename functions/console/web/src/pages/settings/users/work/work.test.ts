import { describe, expect, it } from "vitest";
import {
  allow,
  limitOf,
  losses,
  NO_WORK,
  serve,
  serves,
  type WorkValues,
  withoutLimit,
  workOf,
  workValues,
} from "./work";

const WORK = {
  channels: { sms: 3, live_chat: 0 },
  client_channels: { globex: ["sms"] },
  teams: ["t2", "t1"],
  skills: ["Spanish"],
};
const values = workValues(WORK);

describe("the limits (E10)", () => {
  it("are whole numbers from 0 to 100, without a default", () => {
    expect(["0", " 100 ", "7"].map(limitOf)).toEqual([0, 100, 7]);
    expect(["", undefined, "101", "-1", "1.5", "many"].map(limitOf)).toEqual(Array(6).fill(undefined));
  });

  it("are needed for each allowed channel only", () => {
    expect(withoutLimit({ allowed: ["sms", "fax"], limits: { sms: "3", fax: "", slack: "" } })).toEqual(["fax"]);
  });
});

describe("the channels of a client (E06–E09)", () => {
  it("are all allowed ones, unless the client has a list of its own", () => {
    expect(serves(values, "acme", "live_chat")).toBe(true);
    expect(serves(values, "globex", "live_chat")).toBe(false);
    expect(serves(values, "acme", "slack")).toBe(false);
  });

  it("become a list once one is taken away, and none again with all of them", () => {
    const fewer = serve(values, "acme", "sms", false);
    expect(fewer).toEqual({ globex: ["sms"], acme: ["live_chat"] });
    expect(serve({ ...values, clientChannels: fewer }, "acme", "sms", true)).toEqual({ globex: ["sms"] });
    expect(serve(values, "globex", "sms", false)).toEqual({ globex: [] });
  });
});

describe("a channel that is taken away (E08)", () => {
  it("names its limit and the clients that were served there", () => {
    expect(losses(WORK, ["acme", "globex"], ["live_chat"])).toEqual([
      { channel: "sms", limit: 3, clients: ["acme", "globex"] },
    ]);
    expect(losses(WORK, ["acme", "globex"], ["sms"])).toEqual([{ channel: "live_chat", limit: 0, clients: ["acme"] }]);
    expect(losses(WORK, "all", ["sms"])).toEqual([{ channel: "live_chat", limit: 0, clients: "all" }]);
    expect(losses(WORK, "all", ["sms", "live_chat", "fax"])).toEqual([]);
  });

  it("keeps its limit in the form in case it comes back, and leaves nothing of it in what is saved", () => {
    const without: WorkValues = { ...values, allowed: allow(values.allowed, "sms", false) };
    expect(without.limits.sms).toBe("3");
    expect(workOf(without, "some", ["globex"])).toMatchObject({
      channels: { live_chat: 0 },
      client_channels: { globex: [] },
    });
    expect(allow(without.allowed, "sms", true)).toEqual(values.allowed);
  });
});

describe("the work that is saved", () => {
  it("is what was read, in a fixed order", () => {
    expect(workOf(values, "some", ["globex"])).toEqual({ ...WORK, teams: ["t1", "t2"] });
    expect(workOf(NO_WORK, "all", [])).toEqual({ channels: {}, client_channels: {}, teams: [], skills: [] });
  });

  it("has lists of clients that are chosen one by one only", () => {
    expect(workOf(values, "all", []).client_channels).toEqual({});
    expect(workOf(values, "some", ["acme"]).client_channels).toEqual({});
  });
});
