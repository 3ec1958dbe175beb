import { describe, expect, it } from "vitest";
import type { AccessRequest } from "../../api/access-requests";
import { outcomesOf } from "./outcome-lines";
import { closedBecause, toldWords, undelivered } from "./outcomes";

const request = (more: object) => ({ onboarding_message: { status: "sent" }, ...more }) as AccessRequest;
const clock = () => "14:03";

describe("what became of a request (U205, U209)", () => {
  it("is a line each for the onboarding message, the notice and the replay", () => {
    const lines = outcomesOf(
      request({
        onboarding_message: { status: "sent", at: "2026-11-22T10:00:01Z" },
        notice_status: { status: "skipped", reason: "window_closed", at: "2026-11-22T14:03:00Z" },
        replay_status: { status: "failed", class: "gave_up" },
      }),
    );
    expect(lines.map(({ words }) => words)).toEqual([
      "Onboarding message sent",
      "Not told: window closed",
      "First message not handed to the agent: given up after a day of attempts",
    ]);
    expect(lines.map(({ isBad }) => isBad)).toEqual([false, false, true]);
  });

  it("shows why a message was not delivered, in the platform's words where we have none (U204)", () => {
    expect(undelivered(request({}))).toBeUndefined();
    expect(undelivered(request({ onboarding_message: { status: "failed", reason: "131026: not on WhatsApp" } }))).toBe(
      "131026: not on WhatsApp",
    );
    expect(undelivered(request({ onboarding_message: { status: "skipped", reason: "opted_out" } }))).toBe(
      "they asked not to receive messages",
    );
    // Decided before the message went out: nothing failed.
    expect(undelivered(request({ onboarding_message: { status: "skipped", reason: null } }))).toBeUndefined();
  });

  it("says whether somebody was told", () => {
    expect(toldWords(request({ notice_status: { status: "sent", at: "2026-11-22T14:03:00Z" } }), clock)).toBe(
      "Told at 14:03",
    );
    expect(toldWords(request({ notice_status: { status: "skipped", reason: "window_closed" } }), clock)).toBe(
      "Not told: window closed",
    );
    expect(toldWords(request({ notice_status: { status: "skipped", reason: "not_wanted" } }), clock)).toBeUndefined();
    expect(toldWords(request({ notice_status: null }), clock)).toBeUndefined();
  });

  it("says why one was closed without a review", () => {
    expect(closedBecause(request({ reason_code: "policy_off" }))).toBe("Onboarding was turned off");
    expect(closedBecause(request({ reason_code: "connector_deleted" }))).toBe("The connector was deleted");
    expect(closedBecause(request({ reason_code: "expired" }))).toBe("Expired");
    expect(closedBecause(request({ reason_code: null }))).toBeUndefined();
  });
});
