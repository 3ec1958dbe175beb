import { testWebhook } from "../../../api/webhooks";
import { webhooks as texts } from "../../../texts/en/webhooks";
import { Outcome } from "../../test-call/outcome";
import { TestForm } from "../../test-call/test-form";
import { useTestCall } from "../../test-call/use-test-call";

/** Sends a test event, and shows how the receiver answered. */
export function TestSection({ id }: { id: string }) {
  const test = useTestCall(
    () => testWebhook(id),
    ({ status }) => texts.testOutcomes[status],
  );
  const { outcome } = test;
  return (
    <TestForm test={test} texts={texts}>
      {outcome && (
        <Outcome
          outcome={outcome}
          said={texts.testOutcomes[outcome.status]}
          texts={texts}
          tone={outcome.status === "delivered" ? "good" : "bad"}
        />
      )}
    </TestForm>
  );
}
