import { describe, expect, it } from "vitest";
import { earliest, windowHint } from "./hint";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const UTC = { timeZone: "UTC", hourCycle: "h23" } as const;
const asked = (until: string | null, opted_out_at: string | null = null) => ({
  notifiable_until: until,
  channel: "whatsapp",
  opted_out_at,
});

describe("the hint of the window (U208)", () => {
  it("says until when they can be told, urgently in the last two hours", () => {
    expect(windowHint(asked("2026-11-22T14:32:00Z"), "notify", NOW, UTC)).toEqual({
      words: "Approve before 14:32 to tell them on WhatsApp.",
      isUrgent: false,
    });
    expect(windowHint(asked("2026-11-22T14:00:00Z"), "notify", NOW, UTC)?.isUrgent).toBe(true);
    expect(windowHint(asked("2026-11-25T14:00:00Z"), "notify", NOW, UTC)?.words).toMatch(/25.*14:00/);
  });

  it("says that it is too late, or that they asked not to be written to", () => {
    expect(windowHint(asked("2026-11-22T11:00:00Z"), "both", NOW, UTC)?.words).toBe(
      "They can no longer be told on WhatsApp and will notice when they next write.",
    );
    const stopped = "2026-11-22T10:59:00Z";
    expect(windowHint(asked(stopped, stopped), "both", NOW, UTC)?.words).toBe("They asked not to receive messages.");
  });

  it("says that nobody is told where the connector tells nobody, and nothing where nothing limits it", () => {
    expect(windowHint(asked("2026-11-22T14:00:00Z"), "silent", NOW, UTC)?.words).toBe("They are not told.");
    expect(windowHint(asked(null), "notify", NOW, UTC)).toBeUndefined();
  });

  it("names the earliest of several (U210)", () => {
    const [late, soon, over] = ["2026-11-22T20:00:00Z", "2026-11-22T13:00:00Z", "2026-11-22T10:00:00Z"].map((at) =>
      asked(at),
    );
    expect(
      earliest(
        [late, over, soon].flatMap((one) => one ?? []),
        NOW,
      ),
    ).toBe(soon);
    expect(earliest(over ? [over] : [], NOW)).toBeUndefined();
  });
});
