import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { Connector } from "../../api/connectors";
import { useMay } from "../../api/me";
import type { Tagged } from "../../api/problems";
import type { Provider } from "../../api/providers";
import { connectorTexts as texts } from "../../texts/en/connectors";
import {
  Button,
  Checkbox,
  ConflictDialog,
  FieldGroup,
  Form,
  FormActions,
  Section,
  Stack,
  SubmitButton,
  TextArea,
  TextField,
} from "../../ui";
import styles from "./connectors.module.css";
import { MessageField } from "./message-field";
import { PolicyConfirm, useSavePolicy } from "./onboarding-dialogs";
import { OnboardingToggle } from "./onboarding-toggle";
import { useSectionForm } from "./use-section-form";
import { onboardingChange, onboardingLabels, onboardingNames, onboardingOf, onboardingRules, wordOf } from "./values";
import { variantWords } from "./variants";
import { VariantsField } from "./variants-field";

const route = getRouteApi("/a/$account/p/$project/connectors/$id");

interface Props {
  record: Tagged<Connector>;
  provider: Provider | undefined;
  onToggle: () => void;
}

/** Access to the agent, and the treatment of people who wait (U304, U305). Settings that exist only while onboarding is on are shown only then. */
export function OnboardingSection({ record, provider, onToggle }: Props) {
  const { policy } = record.value;
  const mayChange = useMay()("connectors.write");
  return (
    <Section about={texts.policyAbout} title={texts.policy}>
      <Stack gap={5}>
        <Stack gap={3}>
          <OnboardingToggle connector={record.value} onToggle={onToggle} />
          {mayChange && <DirectoryOnly connector={record.value} />}
        </Stack>
        {policy === "OnBoarding" && mayChange && <OnboardingForm provider={provider} record={record} />}
      </Stack>
    </Section>
  );
}

/** The way into the policy without a toggle, and out of it. */
function DirectoryOnly({ connector }: { connector: Connector }) {
  const [isOpen, setOpen] = useState(false);
  const save = useSavePolicy(connector);
  const isDirectory = connector.policy === "AllowList";
  const policy = isDirectory ? "AllowAll" : "AllowList";
  return (
    <div>
      <Button changes onClick={() => setOpen(true)} small>
        {isDirectory ? texts.leaveDirectory : texts.toDirectory}
      </Button>
      <PolicyConfirm
        action={isDirectory ? texts.leaveDirectoryAction : texts.toDirectoryAction}
        change={{ policy }}
        connector={connector}
        isOpen={isOpen}
        more={isDirectory ? texts.leaveDirectoryText : texts.toDirectoryText}
        onClose={() => setOpen(false)}
        onConfirm={() => save({ policy }, texts.policyChanged(connector.name))}
        title={isDirectory ? texts.leaveDirectoryTitle : texts.toDirectoryTitle}
      />
    </div>
  );
}

function OnboardingForm({ record, provider }: Omit<Props, "onToggle">) {
  const { field } = route.useSearch();
  const { form, conflict } = useSectionForm({
    record,
    valuesOf: onboardingOf,
    changeOf: onboardingChange,
    labels: onboardingLabels,
    apiNames: onboardingNames,
    rules: onboardingRules(provider),
    words: (name, values) =>
      name === "messages" || name === "notices" ? variantWords(values[name]) : wordOf(values[name]),
  });
  const number = { autoComplete: "off", inputMode: "numeric" } as const;
  return (
    <>
      <Form form={form}>
        <MessageField field={form.text("message")} provider={provider} />
        <VariantsField field={form.text("messages")} label={texts.messagesIn} limit={provider?.message_max_chars} />
        <FieldGroup error={form.errors.tell} label={texts.afterApproval}>
          <Checkbox {...form.check("tell")} help={texts.tellHelp} label={texts.tell} />
          <Checkbox {...form.check("handOver")} help={texts.handOverHelp} label={texts.handOver} />
        </FieldGroup>
        {form.values.tell && (
          <>
            <TextArea
              {...form.text("notice")}
              help={texts.noticeHelp}
              label={texts.notice}
              limit={provider?.message_max_chars}
              optional
              placeholder={provider?.default_approval_notice}
            />
            <VariantsField field={form.text("notices")} label={texts.noticesIn} limit={provider?.message_max_chars} />
          </>
        )}
        <div className={styles.numbers}>
          <TextField
            {...form.text("cooldown")}
            {...number}
            help={texts.cooldownHelp}
            inputMode="decimal"
            label={texts.cooldown}
          />
          <TextField {...form.text("expiry")} {...number} help={texts.expiryHelp} label={texts.expiry} optional />
          <TextField
            {...form.text("limit")}
            {...number}
            autoFocus={field === "limit"}
            help={texts.limitHelp}
            label={texts.limit}
          />
        </div>
        <Checkbox {...form.check("preapprove")} help={texts.preapproveHelp} label={texts.preapprove} />
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <ConflictDialog {...conflict} />
    </>
  );
}
