import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { type Account, accountOptions, updateAccount } from "../../../api/account";
import { useMe } from "../../../api/me";
import type { Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { account as texts } from "../../../texts/en/account";
import {
  ConfirmDialog,
  ConflictDialog,
  Form,
  FormActions,
  Section,
  Stack,
  SubmitButton,
  Switch,
  TextField,
  toasts,
} from "../../../ui";
import { minutesOf } from "../minutes";
import { useRecordForm } from "../use-record-form";
import { apiNames, consequences, type Draft, differences, draftOf, labels, toUpdate } from "./draft";
import { GeneralDetails } from "./general-details";
import { SsoOnly } from "./sso-only";

/** A change waits for an answer; until then the form stays changed. */
class Unconfirmed extends Error {}

/** The changeable settings of the account, saved together. */
export function SettingsForm({ record }: { record: Tagged<Account> }) {
  const [asked, setAsked] = useState<Draft>();
  const confirmed = useRef<Draft>(undefined);
  const me = useMe();
  const saved = draftOf(record.value);
  const { form, save, conflict } = useRecordForm<Account, Draft>({
    target: `account:${record.value.id}`,
    record,
    initial: saved,
    valuesOf: draftOf,
    read: () => queryClient.fetchQuery({ ...accountOptions, staleTime: 0 }),
    update: async (draft, before) => {
      if (consequences(draft, draftOf(before.value)).length > 0 && draft !== confirmed.current) throw new Unconfirmed();
      const next = await updateAccount(toUpdate(draft, draftOf(before.value)), before.etag);
      queryClient.setQueryData(accountOptions.queryKey, next);
      return next;
    },
    differences,
    labels,
    apiNames,
    rules: {
      name: (name) => (name.trim() ? undefined : texts.nameRequired),
      requeueAfter: (minutes) => (minutesOf(minutes) === undefined ? texts.requeueAfterRule : undefined),
    },
    onDone: () => {
      // The name stands in the frame, and the rules may ask more of this session.
      void queryClient.invalidateQueries({ queryKey: ["me"] });
      toasts.done(texts.saved);
    },
    onFailure: (error, draft) => {
      if (!(error instanceof Unconfirmed)) return false;
      setAsked(draft);
      return true;
    },
  });

  const { values } = form;
  return (
    <>
      <Form form={form}>
        <Stack gap={5}>
          <Section title={texts.general}>
            <Stack gap={5}>
              <TextField
                {...form.text("name")}
                autoComplete="off"
                dir="auto"
                help={texts.nameHelp}
                label={texts.name}
                maxLength={100}
              />
              <GeneralDetails id={record.value.id} />
            </Stack>
          </Section>
          <Section about={texts.signInAbout} title={texts.signIn}>
            <Stack gap={5}>
              <Switch
                {...form.check("factorRequired")}
                help={
                  <>
                    {texts.factorRequiredHelp}
                    {!me.login.factor && values.factorRequired && !saved.factorRequired && (
                      <>
                        {" "}
                        <strong>{texts.factorYours}</strong>{" "}
                        <Link search={{ tab: "security" }} to="/profile">
                          {texts.setUpFactor}
                        </Link>
                      </>
                    )}
                  </>
                }
                label={texts.factorRequired}
              />
              <Switch
                {...form.check("providerFactorCounts")}
                help={texts.providerFactorCountsHelp}
                label={texts.providerFactorCounts}
              />
              <SsoOnly field={form.check("ssoOnly")} isOn={saved.ssoOnly} />
            </Stack>
          </Section>
          <Section title={texts.absence}>
            <TextField
              {...form.text("requeueAfter")}
              autoComplete="off"
              help={texts.requeueAfterHelp}
              inputMode="numeric"
              label={texts.requeueAfter}
              optional
            />
          </Section>
        </Stack>
        <FormActions>
          <SubmitButton>{texts.save}</SubmitButton>
        </FormActions>
      </Form>
      <Confirmation
        asked={asked}
        onClose={() => setAsked(undefined)}
        onConfirm={async () => {
          if (!asked) return;
          confirmed.current = asked;
          await save(asked);
        }}
        saved={saved}
      />
      <ConflictDialog {...conflict} />
    </>
  );
}

interface ConfirmationProps {
  asked: Draft | undefined;
  saved: Draft;
  onClose: () => void;
  onConfirm: () => Promise<void>;
}

/** Says what a change asks of everybody, before it is made. */
function Confirmation({ asked, saved, onClose, onConfirm }: ConfirmationProps) {
  return (
    <ConfirmDialog
      action={texts.confirm}
      isOpen={asked !== undefined}
      kind="primary"
      onClose={onClose}
      onConfirm={onConfirm}
      title={texts.confirmTitle}
    >
      <Stack gap={3}>{asked && consequences(asked, saved).map((sentence) => <p key={sentence}>{sentence}</p>)}</Stack>
    </ConfirmDialog>
  );
}
