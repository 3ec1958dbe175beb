import { useState } from "react";
import { type Account, accountOptions, deleteAccount } from "../../../api/account";
import { setAccount } from "../../../api/client";
import { isProblem, type Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { goTo } from "../../../navigation";
import { storage } from "../../../storage";
import { account as texts } from "../../../texts/en/account";
import { DangerDialog, Explained, Stack, TextField, toasts, useForm } from "../../../ui";
import { useOnOpen } from "../../../ui/use-on-open";
import { withNames } from "../../../ui/with-names";

interface Props {
  record: Tagged<Account>;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks for the account's name before it is deleted, and says what ends. */
export function DeleteAccount({ record, isOpen, onClose }: Props) {
  const { value: account, etag } = record;
  const { name } = account;
  /** Calls so far: each removes some of the members. */
  const [round, setRound] = useState(0);
  const form = useForm({
    initial: { name: "" },
    labels: { name: texts.deleteName },
    rules: { name: (value) => (value.trim() === name ? undefined : texts.deleteNameRule(name)) },
    send: async () => {
      for (let next = 1; ; next += 1) {
        setRound(next);
        if (await deleteAccount(name, etag)) return;
      }
    },
    onDone: () => {
      storage.set("account", null);
      setAccount(undefined);
      queryClient.clear();
      toasts.done(texts.deleted(name));
      goTo("/console/profile");
    },
    onFailure: (error) => {
      setRound(0);
      form.setFailure(explain(error));
      if (isProblem(error, "precondition-failed", "changed-meanwhile")) {
        void queryClient.invalidateQueries({ queryKey: accountOptions.queryKey });
      }
      return true;
    },
  });
  useOnOpen(isOpen, () => {
    setRound(0);
    form.restart();
  });
  return (
    <DangerDialog action={texts.delete} form={form} isOpen={isOpen} onClose={onClose} title={texts.deleteTitle(name)}>
      <Stack gap={3}>
        <p>{texts.deleteEnds}</p>
        <p>{texts.deleteKeeps}</p>
      </Stack>
      <TextField
        {...form.text("name")}
        autoCapitalize="off"
        autoComplete="off"
        dir="auto"
        help={withNames(texts.deleteNameHelp, { name })}
        label={texts.deleteName}
        spellCheck={false}
      />
      {form.isBusy && round > 1 && <p role="status">{texts.deleteGoesOn(round)}</p>}
    </DangerDialog>
  );
}

/** Why the account cannot be deleted now, in words for its admins. */
export function explain(error: unknown): unknown {
  if (isProblem(error, "account-has-projects")) {
    const { projects } = error.body;
    return projects === undefined ? error : new Explained(texts.hasProjects(projects), texts.hasProjectsAbout);
  }
  if (isProblem(error, "first-account")) return new Explained(texts.firstAccount, texts.firstAccountAbout);
  if (isProblem(error, "precondition-failed", "changed-meanwhile")) {
    return new Explained(texts.changedMeanwhile, texts.changedMeanwhileAbout);
  }
  return error;
}
