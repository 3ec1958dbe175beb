import type { AccessRequest } from "../../api/access-requests";
import { outcomeLines as texts } from "../../texts/en/outcome-lines";
import { type Result, reasonWords } from "./outcomes";

/** Outcome of a step after the request, with its time. */
export interface Outcome {
  key: "onboarding" | "notice" | "replay";
  words: string;
  at: string | null | undefined;
  isBad: boolean;
}

/** The lines on the onboarding message, the notice and the replay (U205). */
export function outcomesOf({ onboarding_message, notice_status, replay_status }: AccessRequest): Outcome[] {
  const onboarding: Outcome = {
    key: "onboarding",
    words: withReason(texts.onboarding[onboarding_message.status], {
      ...onboarding_message,
      reason: onboarding_message.reason ?? (onboarding_message.status === "skipped" ? texts.decidedFirst : null),
    }),
    at: onboarding_message.at,
    isBad: onboarding_message.status === "failed",
  };
  const followUps = (
    [
      ["notice", notice_status, texts.notice],
      ["replay", replay_status, texts.replay],
    ] as const
  ).flatMap(([key, result, lines]) =>
    result
      ? [{ key, words: withReason(lines[result.status], result), at: result.at, isBad: result.status === "failed" }]
      : [],
  );
  return [onboarding, ...followUps];
}

function withReason(words: string, result: Result): string {
  const reason = result.status === "failed" || result.status === "skipped" ? reasonWords(result) : undefined;
  return reason ? `${words}: ${reason}` : words;
}
