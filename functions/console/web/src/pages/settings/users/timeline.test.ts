import { describe, expect, it } from "vitest";
import type { Invitation, TimelineEntry } from "../../../api/invitations";
import { newestFirst, optionsOf, stepsOf, troubleOf } from "./timeline";

const at = (hour: number) => `2026-11-29T${String(hour).padStart(2, "0")}:00:00Z`;
const told = (
  kinds: (TimelineEntry["kind"] | [TimelineEntry["kind"], string])[],
  mail_status?: Invitation["mail_status"],
) => ({
  timeline: kinds.map((kind, hour) =>
    typeof kind === "string" ? { kind, at: at(hour), detail: null } : { kind: kind[0], at: at(hour), detail: kind[1] },
  ),
  mail_status: mail_status ?? null,
});
const shown = (invitation: ReturnType<typeof told>) => stepsOf(invitation).map(({ key, state }) => `${key} ${state}`);

describe("the steps of an invitation (D25)", () => {
  it("go from the queue to the acceptance", () => {
    const invitation = told(["invited", "mail_queued", "mail_sent", "mail_delivered", "opened"], "delivered");
    expect(shown(invitation)).toEqual(["queued done", "sent done", "delivered done", "opened done", "accepted open"]);
    expect(stepsOf(invitation)[2]?.at).toBe(at(3));
  });

  it("show what was not reported but must have happened", () => {
    expect(shown(told(["invited", "mail_queued", "mail_delivered"], "delivered"))[1]).toBe("sent done");
  });

  it("name a bounce instead of the delivery", () => {
    const invitation = told(["invited", "mail_queued", "mail_sent", "mail_bounced_hard"], "bounced");
    expect(shown(invitation)).toEqual(["queued done", "sent done", "bounced failed", "opened open", "accepted open"]);
  });

  it("keep the delivery that a complaint followed", () => {
    const invitation = told(["invited", "mail_queued", "mail_sent", "mail_delivered", "mail_complained"], "complained");
    expect(shown(invitation).slice(2, 4)).toEqual(["delivered done", "complained failed"]);
  });

  it("forget a soft bounce once the mail arrived", () => {
    const invitation = told(["invited", "mail_queued", "mail_bounced_soft", "mail_delivered"], "delivered");
    expect(shown(invitation)).toContain("delivered done");
    expect(troubleOf(invitation)).toBeUndefined();
  });

  it("are those of the latest mail", () => {
    const invitation = told(
      ["invited", "mail_queued", "mail_sent", "mail_bounced_hard", "resent", "mail_queued", "mail_sent"],
      "sent",
    );
    expect(shown(invitation).slice(0, 3)).toEqual(["queued done", "sent done", "delivered open"]);
    expect(troubleOf(invitation)).toBeUndefined();
  });

  it("begin with the link where no mail was sent", () => {
    expect(shown(told(["invited", "link_copied"]))).toEqual(["link done", "opened open", "accepted open"]);
  });

  it("stop at the queue where the address is blocked", () => {
    expect(shown(told(["invited", "mail_queued"], "suppressed"))).toEqual([
      "queued done",
      "failed failed",
      "opened open",
      "accepted open",
    ]);
  });

  it("wait where the other server does", () => {
    expect(shown(told(["invited", "mail_queued", "mail_sent", "mail_delayed"], "delayed"))[2]).toBe("delayed waiting");
  });
});

describe("trouble with a mail", () => {
  it("has the mail server's words", () => {
    const invitation = told(["invited", "mail_queued", ["mail_bounced_hard", "550 5.1.1 user unknown"]], "bounced");
    expect(troubleOf(invitation)).toEqual({ kind: "bounced", words: "550 5.1.1 user unknown", isBlocked: true });
  });

  it("blocks the address after a hard bounce, a complaint and a mail that was held back, not after a soft bounce", () => {
    const blocked = (invitation: ReturnType<typeof told>) => troubleOf(invitation)?.isBlocked;
    expect(blocked(told(["mail_queued", "mail_bounced_hard"], "bounced"))).toBe(true);
    expect(blocked(told(["mail_queued", "mail_delivered", "mail_complained"], "complained"))).toBe(true);
    expect(blocked(told(["mail_queued"], "suppressed"))).toBe(true);
    expect(blocked(told(["mail_queued", "mail_bounced_soft"], "bounced"))).toBe(false);
    expect(blocked(told(["mail_queued", "mail_failed"], "failed"))).toBe(false);
  });
});

describe("what can be done with an invitation", () => {
  const pending = { ...told(["invited", "mail_queued", "mail_sent"], "sent"), status: "pending" as const };

  it("is sending it again, copying its link and revoking it while it is pending", () => {
    expect(optionsOf(pending, true)).toEqual({ send: "resend", mayCopy: true, mayRevoke: true });
  });

  it("is sending the mail again after a bounce", () => {
    const bounced = { ...told(["mail_queued", "mail_bounced_hard"], "bounced"), status: "pending" as const };
    expect(optionsOf(bounced, true).send).toBe("sendAgain");
  });

  it("is inviting again once it expired", () => {
    expect(optionsOf({ ...pending, status: "expired" }, true)).toEqual({
      send: "inviteAgain",
      mayCopy: false,
      mayRevoke: false,
    });
  });

  it("is only the link where no mail can be sent", () => {
    expect(optionsOf(pending, false)).toEqual({ send: undefined, mayCopy: true, mayRevoke: true });
  });
});

describe("the events of an invitation", () => {
  it("begin with the newest, and name the sending of a mail before its delivery", () => {
    const { timeline } = told(["invited", "mail_queued", "mail_delivered", "mail_sent", "opened"]);
    expect(newestFirst(timeline).map(({ kind }) => kind)).toEqual([
      "opened",
      "mail_delivered",
      "mail_sent",
      "mail_queued",
      "invited",
    ]);
    expect(newestFirst([]).length).toBe(0);
  });
});
