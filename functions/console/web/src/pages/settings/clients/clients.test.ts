import { describe, expect, it } from "vitest";
import { ApiProblem } from "../../../api/problems";
import { changeOf, channelChoices, channelLabel, conflictsOf, isChannelKey } from "./client-body";
import { inTheWay } from "./in-the-way";

describe("a client's channels", () => {
  it("are said in words, and by their key where we have none", () => {
    expect(["sms", "live_chat", "fax"].map(channelLabel)).toEqual(["SMS", "Live Chat", "fax"]);
  });

  it("are each offered once, in the order of the words", () => {
    expect(channelChoices(["sms", "whatsapp"], ["live_chat", "sms"], ["fax"])).toEqual([
      "fax",
      "live_chat",
      "sms",
      "whatsapp",
    ]);
  });

  it("have keys of 1 to 40 small letters, digits and underscores", () => {
    expect(["live_chat", "a", "x".repeat(40), "sms2"].every(isChannelKey)).toBe(true);
    expect(["", "Live Chat", "live-chat", "x".repeat(41)].some(isChannelKey)).toBe(false);
  });
});

describe("a change of a client", () => {
  const before = { name: "Acme", channels: ["sms"] };

  it("names only what differs", () => {
    expect(changeOf(before, { name: " Acme ", channels: ["sms"] })).toEqual({});
    expect(changeOf(before, { name: "Acme", channels: [] })).toEqual({ channels: [] });
  });

  it("is compared with somebody else's in words", () => {
    expect(conflictsOf({ name: "Acme", channels: ["live_chat", "sms"] }, before)).toEqual([
      { label: "Channels", mine: "Live Chat, SMS", theirs: "SMS" },
    ]);
  });
});

describe("what is in the way of a deletion", () => {
  const problem = (extras: object) =>
    new ApiProblem({
      type: "/problems/client-in-use",
      title: "The client is in use",
      detail: "",
      status: 409,
      request_id: "r",
      ...extras,
    });

  it("is read from the refusal, by name or else by id", () => {
    const refusal = problem({ members: [{ id: "m1", name: "Ana" }], connectors: [{ id: "c1", project_id: "p1" }] });
    expect(inTheWay(refusal, "members")).toEqual([{ id: "m1", name: "Ana" }]);
    expect(inTheWay(refusal, "connectors")).toEqual([{ id: "c1", name: "c1" }]);
  });

  it("is nothing where the refusal names nothing that can be read", () => {
    expect(inTheWay(problem({ members: ["m1", null, { name: "Ana" }] }), "members")).toEqual([]);
    expect(inTheWay(problem({}), "members")).toEqual([]);
    expect(inTheWay(new Error("other"), "members")).toEqual([]);
  });
});
