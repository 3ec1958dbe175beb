import { getRouteApi } from "@tanstack/react-router";
import { type Connector, connectorOptions, type UpdateConnector, updateConnector } from "../../../api/connectors";
import { isProblem, type Tagged } from "../../../api/problems";
import type { Provider } from "../../../api/providers";
import { queryClient } from "../../../api/query";
import { useProjectId } from "../../../frame/project-id";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import { announce, Form, FormActions, RadioGroup, Section, SubmitButton, toasts, useForm } from "../../../ui";
import { meaningOf } from "../connector";
import styles from "../connectors.module.css";
import { MessageField } from "../message-field";
import { keepConnector } from "../use-section-form";
import { messageRule } from "../values";

const route = getRouteApi("/a/$account/p/$project/connectors/new/$provider");

type Policy = Connector["policy"];

/** The last step: who may write. */
export function PolicyStep({ record, provider }: { record: Tagged<Connector>; provider: Provider }) {
  const project = useProjectId();
  const navigate = route.useNavigate();
  const { id, name, policy, onboarding_message } = record.value;
  const form = useForm({
    initial: {
      policy: policy as string,
      message: onboarding_message?.trim() || provider.default_onboarding_message,
    },
    labels: { policy: texts.policyTitle, message: texts.message },
    rules: {
      message: (message, values) => (values.policy === "OnBoarding" ? messageRule(provider, message) : undefined),
    },
    apiNames: { message: "onboarding_message" },
    send: async (values) => {
      const change = changeTo(values, record.value);
      if (change) keepConnector(project, await updateConnector(project, id, change, record.etag));
    },
    onFailure: (error) => {
      if (isProblem(error, "precondition-failed", "changed-meanwhile")) {
        // The next attempt is about the version that there is then.
        void queryClient.invalidateQueries({ queryKey: connectorOptions(project, id).queryKey });
      }
      return false;
    },
    onDone: () => {
      toasts.done(texts.ready(name));
      announce(texts.ready(name));
      void navigate({ to: "/a/$account/p/$project/connectors", search: {} });
    },
  });
  return (
    <Section>
      <Form form={form}>
        <RadioGroup
          label={texts.policyTitle}
          name="policy"
          onChange={(value) => form.set("policy", value)}
          options={[
            { value: "AllowAll", label: texts.policyOff, help: meaningOf("AllowAll") },
            { value: "OnBoarding", label: texts.policyOn, help: meaningOf("OnBoarding") },
            { value: "AllowList", label: texts.policyList, help: meaningOf("AllowList") },
          ]}
          value={form.values.policy}
        />
        {form.values.policy === "OnBoarding" && <MessageField field={form.text("message")} provider={provider} />}
        <details className={styles.whenOff}>
          <summary>{texts.whenOff}</summary>
          <ul className={styles.points}>
            {texts.whenOffPoints.map((point) => (
              <li key={point}>{point}</li>
            ))}
          </ul>
        </details>
        <FormActions>
          <SubmitButton>{texts.finish}</SubmitButton>
        </FormActions>
      </Form>
    </Section>
  );
}

/** The change to what was chosen; undefined if nothing differs. */
export function changeTo(
  wanted: { policy: string; message: string },
  { policy, onboarding_message }: Pick<Connector, "policy" | "onboarding_message">,
): UpdateConnector | undefined {
  const isSame = wanted.policy === policy && (policy !== "OnBoarding" || wanted.message === onboarding_message);
  if (isSame) return undefined;
  const change: UpdateConnector = { policy: wanted.policy as Policy };
  if (wanted.policy === "OnBoarding") change.onboarding_message = wanted.message;
  return change;
}
