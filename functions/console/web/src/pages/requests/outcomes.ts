import type { AccessRequest } from "../../api/access-requests";
import { requests as texts } from "../../texts/en/requests";

export interface Result {
  status: string;
  reason?: string | null;
  class?: string | null;
}

/** A reason in words; codes of platforms stay as they are. */
export function reasonWords({ reason, class: fault }: Result): string | undefined {
  if (fault === "gave_up") return texts.gaveUp;
  if (reason) return texts.reasons[reason] ?? reason;
  return undefined;
}

/** Why the onboarding message did not come; undefined where it did, or none was due (U204). */
export function undelivered({ onboarding_message }: AccessRequest): string | undefined {
  const { status, reason } = onboarding_message;
  if (status !== "failed" && !(status === "skipped" && reason)) return undefined;
  return reasonWords(onboarding_message) ?? texts.rowFailed;
}

/** Why a request was closed without anybody reviewing it (U205). */
export function closedBecause({ reason_code }: AccessRequest): string | undefined {
  return reason_code ? (texts.closedBecause[reason_code] ?? reason_code) : undefined;
}

/** Whether somebody was told of the approval, in words (U209). */
export function toldWords({ notice_status }: AccessRequest, time: (at: string) => string): string | undefined {
  if (!notice_status || notice_status.reason === "not_wanted") return undefined;
  if (notice_status.status === "queued") return texts.toBeTold;
  if (notice_status.status === "sent") return notice_status.at ? texts.toldAt(time(notice_status.at)) : undefined;
  return texts.notTold(reasonWords(notice_status) ?? texts.rowFailed);
}
