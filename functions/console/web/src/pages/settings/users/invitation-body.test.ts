import { describe, expect, it } from "vitest";
import { EMPTY, invitationBody, isAddress } from "./invitation-body";

const values = { ...EMPTY, email: " ana@example.com " };

describe("the invitation of the short form (U503)", () => {
  it("has the address, the role and extra permissions, and leaves the rest to the API", () => {
    expect(invitationBody({ ...values, extra: ["audit.read"] }, "short")).toEqual({
      email: "ana@example.com",
      role: "agent",
      extra_permissions: ["audit.read"],
      method: "password",
    });
  });

  it("joins first and last name, and gives the identifier, for a provider", () => {
    const body = invitationBody(
      { ...values, method: "m1", firstName: "Ana ", lastName: " Sousa", identifier: " 42 ", role: "" },
      "short",
    );
    expect(body).toMatchObject({ name: "Ana Sousa", identifier: "42", method: "m1", role: null });
  });

  it("forgets an identifier that was typed for another method", () => {
    expect(invitationBody({ ...values, identifier: "42" }, "short").identifier).toBeUndefined();
  });
});

describe("the invitation of the full form (U504)", () => {
  it("has name, clients and life", () => {
    const body = invitationBody(
      { ...values, fullName: "Ana  Sousa", access: "some", clients: ["c1"], days: "14" },
      "full",
    );
    expect(body).toMatchObject({ name: "Ana Sousa", clients: ["c1"], expires_in_days: 14 });
    expect(invitationBody({ ...values, access: "all" }, "full").clients).toBe("all");
    expect(invitationBody({ ...values, access: "default" }, "full").clients).toBeUndefined();
  });

  it("has channels with limits, clients' channels, teams and skills (U504)", () => {
    const work = {
      allowed: ["sms"],
      limits: { sms: "3" },
      clientChannels: { c1: [] },
      teams: ["t1"],
      skills: ["Spanish"],
    };
    const body = invitationBody({ ...values, ...work, access: "some", clients: ["c1"] }, "full");
    expect(body.work).toEqual({
      channels: { sms: 3 },
      client_channels: { c1: [] },
      teams: ["t1"],
      skills: ["Spanish"],
    });
    expect(invitationBody({ ...values, ...work }, "short").work).toBeUndefined();
  });

  it("makes a link where no mail is wanted", () => {
    expect(invitationBody({ ...values, send: false }, "full").send).toBe(false);
    expect(invitationBody(values, "full").send).toBeUndefined();
  });
});

describe("the answer to a refusal", () => {
  it("counts for the address that it was about", () => {
    const resolution = { email: "ana@example.com", onConflict: "replace", isUnsent: true } as const;
    expect(invitationBody(values, "short", resolution)).toMatchObject({ on_conflict: "replace", send: false });
    const other = invitationBody({ ...values, email: "bo@example.com" }, "short", resolution);
    expect(other.on_conflict).toBeUndefined();
    expect(other.send).toBeUndefined();
  });
});

it("tells addresses from typing errors", () => {
  expect(["ana@example.com", " ana@mail.example.com "].map(isAddress)).toEqual([true, true]);
  expect(["ana", "ana@example", "ana@example.", "a b@example.com", "@example.com"].some(isAddress)).toBe(false);
});
