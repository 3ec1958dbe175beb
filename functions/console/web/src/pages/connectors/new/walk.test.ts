import { expect, it } from "vitest";
import { bodyOf } from "./fields-step";
import { changeTo } from "./policy-step";

it("a new connector leaves empty fields to the API, and names no client unless one was chosen", () => {
  const values = { name: " Support ", environment: "e1", client: "", team_id: "T1", webhook_url: "" };
  expect(JSON.parse(JSON.stringify(bodyOf("slack", values)))).toEqual({
    name: "Support",
    provider: "slack",
    environment_id: "e1",
    slack: { team_id: "T1" },
  });
  expect(bodyOf("slack", { ...values, client: "c1" }).client_id).toBe("c1");
});

it("the last step changes only what was chosen otherwise", () => {
  const made = { policy: "AllowAll", onboarding_message: null } as const;
  expect(changeTo({ policy: "AllowAll", message: "Wait." }, made)).toBeUndefined();
  expect(changeTo({ policy: "AllowList", message: "Wait." }, made)).toEqual({ policy: "AllowList" });
  expect(changeTo({ policy: "OnBoarding", message: "Wait." }, made)).toEqual({
    policy: "OnBoarding",
    onboarding_message: "Wait.",
  });
  expect(
    changeTo({ policy: "OnBoarding", message: "Wait." }, { policy: "OnBoarding", onboarding_message: "Wait." }),
  ).toBeUndefined();
});
