import { describe, expect, it } from "vitest";
import { ApiProblem } from "../../../api/problems";
import { channelLabel } from "../../../channel-label";
import { minutesOf } from "../minutes";
import { changeOf, channelChoices, conflictsOf, isChannelKey } from "./client-body";
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
  const before = { name: "Acme", channels: ["sms"], firstReply: "15" };

  it("names only what differs", () => {
    expect(changeOf(before, { ...before, name: " Acme ", firstReply: " 15" })).toEqual({});
    expect(changeOf(before, { ...before, channels: [] })).toEqual({ channels: [] });
  });

  it("is compared with somebody else's in words", () => {
    expect(conflictsOf({ ...before, channels: ["live_chat", "sms"] }, before)).toEqual([
      { label: "Channels", mine: "Live Chat, SMS", theirs: "SMS" },
    ]);
  });
});

describe("a client's limit for the first reply (E37)", () => {
  const before = { name: "Acme", channels: [], firstReply: "15" };

  it("is a whole number of minutes up to a week, or none", () => {
    expect(["", " 15 ", "10080"].map(minutesOf)).toEqual([null, 15, 10_080]);
    expect(["0", "10081", "1.5", "-3", "soon"].map(minutesOf)).toEqual(Array(5).fill(undefined));
  });

  it("is taken away by an empty field, and compared with somebody else's", () => {
    expect(changeOf(before, { ...before, firstReply: "" })).toEqual({ first_reply_minutes: null });
    expect(conflictsOf({ ...before, firstReply: "30" }, before)).toEqual([
      { label: "First reply within", mine: "30", theirs: "15" },
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
