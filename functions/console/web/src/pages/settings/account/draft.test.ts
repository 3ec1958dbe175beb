import { describe, expect, it } from "vitest";
import { consequences, type Draft, daysInWords, differences, draftOf, standsInWay, toUpdate } from "./draft";

const saved: Draft = draftOf({
  id: "01JD3Q3Z9V8M4T6K2N7P5R1S0W",
  name: "Acme",
  rules: { factor_required: false, provider_factor_counts: true, sso_only: false },
  audit_days: 0,
  mail: { from: null, note: "" },
});

describe("the settings of an account (U515)", () => {
  it("are sent as far as they were changed", () => {
    expect(toUpdate(saved, saved)).toEqual({});
    expect(toUpdate({ ...saved, name: " Acme Ltd " }, saved)).toEqual({ name: "Acme Ltd" });
    expect(toUpdate({ ...saved, requeueAfter: " 30 " }, saved)).toEqual({ rules: { requeue_after_minutes: 30 } });
    expect(toUpdate({ ...saved, requeueAfter: "" }, { ...saved, requeueAfter: "30" })).toEqual({
      rules: { requeue_after_minutes: null },
    });
    expect(toUpdate({ ...saved, factorRequired: true, ssoOnly: true }, saved)).toEqual({
      rules: { factor_required: true, sso_only: true },
    });
  });

  it("show both values of each field that somebody else changed too (U132)", () => {
    const mine = { ...saved, name: "Acme Ltd", factorRequired: true, requeueAfter: "1440" };
    expect(differences(mine, saved)).toEqual([
      { label: "Account name", mine: "Acme Ltd", theirs: "Acme" },
      { label: "Require a second factor", mine: "On", theirs: "Off" },
      { label: "Requeue conversations after", mine: "1,440 minutes", theirs: "Never" },
    ]);
  });

  it("ask before they ask something of everybody, not when they ask less", () => {
    expect(consequences({ ...saved, factorRequired: true, ssoOnly: true }, saved)).toHaveLength(2);
    expect(consequences(saved, { ...saved, factorRequired: true, ssoOnly: true })).toEqual([]);
    expect(consequences({ ...saved, name: "New" }, saved)).toEqual([]);
  });

  it("say how long entries are kept", () => {
    expect([0, 1, 90, 365, 730].map(daysInWords)).toEqual(["For ever", "1 day", "90 days", "1 year", "2 years"]);
  });

  it("know what stands in the way of single sign-on only", () => {
    const ready = { isSetUp: true, isTried: true, isSignedInThere: true };
    expect(standsInWay(ready)).toBe(false);
    expect(standsInWay({ ...ready, isTried: undefined })).toBe(false);
    expect(standsInWay({ ...ready, isTried: false })).toBe(true);
    expect(standsInWay({ ...ready, isSignedInThere: false })).toBe(true);
    expect(standsInWay({ ...ready, isSetUp: false })).toBe(true);
  });
});
