import { describe, expect, it } from "vitest";
import type { Availability } from "../../api/availability";
import { ownWords } from "./own-words";

const channel = (key: string, name: string, limit = 2) => ({ key, name, limit, paused: false });
const both = [channel("sms", "SMS"), channel("whatsapp", "WhatsApp")];

function own(channels: Availability["channels"], paused: string[] = [], state: Availability["state"] = "available") {
  return ownWords({ state, paused, channels, since: "2026-11-22T10:00:00Z" });
}

describe("one's own availability, where one has no conversations (U607)", () => {
  it("names the channels, and those that are paused", () => {
    expect(own(both)).toEqual(["You are available for SMS and WhatsApp."]);
    expect(own(both, ["sms"])).toEqual(["You are available for WhatsApp.", "Paused: SMS."]);
    expect(own(both, ["sms", "whatsapp"])).toEqual(["You are available, but all your channels are paused."]);
  });

  it("names no channel on which nothing is assigned automatically", () => {
    const some = [channel("sms", "SMS", 0), channel("whatsapp", "WhatsApp")];
    expect(own(some)).toEqual(["You are available for WhatsApp."]);
    expect(own([channel("sms", "SMS", 0)])).toEqual([
      "You are available. Nothing is assigned to you automatically: claim conversations from the queue.",
    ]);
  });

  it("says so where no channel is allowed, and where one is away", () => {
    expect(own([])).toEqual(["You are available, but no channel is allowed for you yet."]);
    expect(own(both, [], "away")).toEqual(["You are away."]);
  });
});
