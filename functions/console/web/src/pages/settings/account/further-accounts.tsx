import { useState } from "react";
import { createAccount } from "../../../api/account";
import { queryClient } from "../../../api/query";
import { goTo } from "../../../navigation";
import { account as texts } from "../../../texts/en/account";
import { Button, FormDialog, Section, TextField, toasts, useForm } from "../../../ui";

/** The way to a further account. */
export function FurtherAccounts() {
  const [isOpen, setOpen] = useState(false);
  const form = useForm({
    initial: { name: "" },
    labels: { name: texts.createName },
    rules: { name: (name) => (name.trim() ? undefined : texts.nameRequired) },
    send: ({ name }, idempotencyKey) => createAccount(name.trim(), idempotencyKey),
    onDone: async (made) => {
      setOpen(false);
      await queryClient.invalidateQueries({ queryKey: ["me"] });
      toasts.done(
        texts.created(made.name),
        <Button kind="quiet" onClick={() => goTo(`/console/a/${made.id}`)} small>
          {texts.open(made.name)}
        </Button>,
      );
    },
  });
  return (
    <>
      <Section
        about={texts.moreAbout}
        actions={
          <Button
            changes
            icon="plus"
            onClick={() => {
              form.restart({ name: "" });
              setOpen(true);
            }}
          >
            {texts.create}
          </Button>
        }
        title={texts.more}
      />
      <FormDialog
        form={form}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        size="small"
        submit={texts.createSubmit}
        title={texts.createTitle}
      >
        <TextField
          {...form.text("name")}
          autoComplete="off"
          dir="auto"
          help={texts.createNameHelp}
          label={texts.createName}
          maxLength={100}
        />
      </FormDialog>
    </>
  );
}
