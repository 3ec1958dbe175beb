import { describe, expect, it } from "vitest";
import type { Connector } from "../../api/connectors";
import type { Provider, ProviderField } from "../../api/providers";
import {
  answeringChange,
  answeringOf,
  answeringRules,
  credentialRules,
  credentialsChange,
  credentialsGiven,
  credentialsOf,
  differencesOf,
  generalChange,
  messageRule,
  onboardingChange,
  onboardingLabels,
  onboardingOf,
  onboardingRules,
  skillText,
  wordOf,
} from "./values";

const connector = {
  provider: "slack",
  onboarding_message: "Please wait.",
  after_approval: "notify",
  approval_notice: null,
  request_cooldown_seconds: 86_400,
  slack: { team_id: "T1", bot_token: { set: true } },
} as unknown as Connector;

const fields = [
  { name: "team_id", secret: false, required: true },
  { name: "bot_token", secret: true, required: true },
  { name: "webhook_url", secret: false, required: false },
] as ProviderField[];

describe("general values", () => {
  it("change only where they differ", () => {
    const before = { name: "Support", environment: "e1", client: "c1" };
    expect(generalChange(before, { ...before, name: " Support " })).toEqual({});
    expect(generalChange(before, { ...before, environment: "e2" })).toEqual({ environment_id: "e2" });
  });
});

describe("answering values", () => {
  const answered = {
    ...connector,
    handler: "agent",
    team_id: null,
    skills: ["German"],
    shows_author: false,
    queue_notice: null,
  } as Connector;
  const before = answeringOf(answered);

  it("change only where they differ", () => {
    expect(answeringChange(before, answeringOf(answered))).toEqual({});
    const wanted = { ...before, handler: "team" as const, team: "t1", skills: skillText(["German", "Billing"]) };
    expect(answeringChange(before, wanted)).toEqual({
      handler: "team",
      team_id: "t1",
      skills: ["German", "Billing"],
    });
    expect(answeringChange(before, { ...before, skills: "", showsAuthor: true, queueNotice: " Please wait " })).toEqual(
      {
        skills: [],
        shows_author: true,
        queue_notice: "Please wait",
      },
    );
  });

  it("take a team and a notice away", () => {
    const set = { ...before, team: "t1", queueNotice: "Please wait" };
    expect(answeringChange(set, before)).toEqual({ team_id: null, queue_notice: null });
  });

  it("hold no skill that the API refuses, and no notice that is too long for the platform", () => {
    const rules = answeringRules({ message_max_chars: 5 } as Provider);
    expect(rules.skills(skillText(["German", "x".repeat(50)]))).toBeUndefined();
    expect(rules.skills("x".repeat(51))).toBeDefined();
    expect(rules.queueNotice("12345")).toBeUndefined();
    expect(rules.queueNotice("123456")).toBeDefined();
  });
});

describe("credentials", () => {
  it("never hold a stored secret, and keep it while the field is empty", () => {
    const before = credentialsOf(connector, fields);
    expect(before).toEqual({ team_id: "T1", bot_token: "", webhook_url: "" });
    expect(credentialsChange("slack", fields, before, before)).toEqual({});
    expect(credentialsChange("slack", fields, before, { ...before, bot_token: " xoxb-2 " })).toEqual({
      slack: { bot_token: "xoxb-2" },
    });
  });

  it("can be blanked where they are not secret", () => {
    const before = { team_id: "T1", bot_token: "", webhook_url: "https://a.example/x" };
    expect(credentialsChange("slack", fields, before, { ...before, webhook_url: "" })).toEqual({
      slack: { webhook_url: "" },
    });
  });

  it("must be filled in for a new connector; later, a secret may stay", () => {
    expect(credentialRules(fields, true).bot_token?.("")).toBeDefined();
    expect(credentialRules(fields, false).bot_token?.("")).toBeUndefined();
    expect(credentialRules(fields, false).team_id?.(" ")).toBeDefined();
    expect(credentialRules(fields, true).webhook_url?.("")).toBeUndefined();
    expect(credentialsGiven({ team_id: " T1 ", webhook_url: " " })).toEqual({ team_id: "T1" });
  });
});

describe("onboarding values", () => {
  const before = onboardingOf(connector);

  it("show hours, and defaults for what the API does not tell", () => {
    expect(before).toMatchObject({
      tell: true,
      handOver: false,
      cooldown: "24",
      expiry: "",
      limit: "60",
      preapprove: true,
    });
  });

  it("two boxes make the four follow-ups to an approval", () => {
    const followUp = (tell: boolean, handOver: boolean) =>
      onboardingChange({ ...before, tell: !tell, handOver: !handOver }, { ...before, tell, handOver }).after_approval;
    expect([followUp(true, false), followUp(false, true), followUp(true, true), followUp(false, false)]).toEqual([
      "notify",
      "replay",
      "both",
      "silent",
    ]);
  });

  it("change only where they differ, in the API's units", () => {
    expect(onboardingChange(before, before)).toEqual({});
    expect(onboardingChange(before, { ...before, cooldown: "1.5", expiry: "30" })).toEqual({
      request_cooldown_seconds: 5_400,
      requests_expire_after_days: 30,
    });
    expect(onboardingChange({ ...before, expiry: "30", notice: "Hi" }, before)).toEqual({
      requests_expire_after_days: null,
      approval_notice: null,
    });
  });

  it("have the API's limits", () => {
    const rules = onboardingRules({ message_max_chars: 5 } as Provider);
    for (const [name, good, bad] of [
      ["message", ["a", "👍👍👍👍👍"], ["", "  ", "123456"]],
      ["notice", ["", "12345"], ["123456"]],
      ["cooldown", ["0", "0.5", "1,5", "8760"], ["", "-1", "a", "8761"]],
      ["expiry", ["", "1", "365"], ["0", "366", "1.5"]],
      ["limit", ["1", "600"], ["", "0", "601"]],
    ] as const) {
      for (const value of good) expect(rules[name](value), `${name} ${value}`).toBeUndefined();
      for (const value of bad) expect(rules[name](value), `${name} ${value}`).toBeDefined();
    }
    expect(messageRule(undefined, "any length while the limit is not known")).toBeUndefined();
  });

  it("conflicts are shown in words (U132)", () => {
    const differences = differencesOf(onboardingLabels, (name, values) => wordOf(values[name]));
    expect(differences({ ...before, preapprove: false }, before)).toEqual([
      { label: onboardingLabels.preapprove, mine: "No", theirs: "Yes" },
    ]);
  });
});
