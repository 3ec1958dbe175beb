import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { type Account, accountOptions, updateAccount } from "../../../api/account";
import { useMe } from "../../../api/me";
import { isProblem, type Tagged } from "../../../api/problems";
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
  useForm,
} from "../../../ui";
import { apiNames, consequences, type Draft, differences, draftOf, labels, toUpdate } from "./draft";
import { GeneralDetails } from "./general-details";
import { SsoOnly } from "./sso-only";

/** A change waits for an answer; until then the form stays changed. */
class Unconfirmed extends Error {}

/** What can be changed of the account, saved together. */
export function SettingsForm({ record }: { record: Tagged<Account> }) {
  // The version that was on the page when the person began; a later one is met with the conflict dialog.
  const [basis, setBasis] = useState(record);
  const [conflict, setConflict] = useState<Tagged<Account>>();
  const [asked, setAsked] = useState<Draft>();
  const me = useMe();
  const saved = draftOf(basis.value);

  const save = async (draft: Draft, onto: Tagged<Account>) => {
    const next = await updateAccount(toUpdate(draft, draftOf(onto.value)), onto.etag);
    setBasis(next);
    queryClient.setQueryData(accountOptions.queryKey, next);
    form.restart(draftOf(next.value));
    // The name stands in the frame, and the rules may ask more of this session.
    void queryClient.invalidateQueries({ queryKey: ["me"] });
    toasts.done(texts.saved);
  };

  const fail = (error: unknown): boolean => {
    if (!isProblem(error, "precondition-failed", "changed-meanwhile")) return false;
    void queryClient
      .fetchQuery({ ...accountOptions, staleTime: 0 })
      .then(setConflict, (failure: unknown) => form.setFailure(failure));
    return true;
  };

  const form = useForm({
    initial: saved,
    labels,
    apiNames,
    rules: { name: (name) => (name.trim() ? undefined : texts.nameRequired) },
    send: async (draft) => {
      if (consequences(draft, saved).length > 0) throw new Unconfirmed();
      await save(draft, basis);
    },
    onFailure: (error, draft) => {
      if (!(error instanceof Unconfirmed)) return fail(error);
      setAsked(draft);
      return true;
    },
  });

  // An untouched form shows what was saved since by somebody else.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a newer version matters
  useEffect(() => {
    if (record.etag === basis.etag || form.isDirty()) return;
    setBasis(record);
    form.restart(draftOf(record.value));
  }, [record.etag]);

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
              <GeneralDetails id={basis.value.id} />
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
          try {
            await save(asked, basis);
          } catch (error) {
            if (!fail(error)) throw error;
          }
        }}
        saved={saved}
      />
      <ConflictDialog
        fields={conflict ? differences(values, draftOf(conflict.value)) : []}
        isOpen={conflict !== undefined}
        onClose={() => setConflict(undefined)}
        onKeepMine={() => conflict && save(values, conflict)}
        onTakeTheirs={() => {
          if (!conflict) return;
          setBasis(conflict);
          form.restart(draftOf(conflict.value));
        }}
      />
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
