import { useMe } from "../../api/me";
import { deleteLogin } from "../../api/own-login";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { session } from "../../api/session";
import { formatList } from "../../format";
import { storage } from "../../storage";
import { ownLogin as texts } from "../../texts/en/own-login";
import { DangerDialog, PasswordField, Stack, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { withNames } from "../../ui/with-names";
import { useRefusal } from "../sign-in/use-refusal";
import { explainLastAdmin } from "./refusals";

/** Asks for the password before the login is deleted, and says what ends. */
export function DeleteLogin({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { login, accounts } = useMe();
  const refusal = useRefusal();
  const form = useForm({
    initial: { password: "" },
    labels: { password: texts.password },
    rules: { password: (value) => (value ? undefined : texts.passwordRequired) },
    send: ({ password }) => {
      refusal.clear();
      return deleteLogin({ password });
    },
    onDone: () => {
      session.signedOut();
      queryClient.clear();
      storage.set("account", null);
      // A fresh page holds nothing of the person.
      location.assign("/console/sign-in?after=deletion");
    },
    onFailure: (error) => {
      if (isProblem(error, "wrong-credentials")) {
        form.complain("password", texts.wrongPassword);
        return true;
      }
      if (refusal.take(error, {})) return true;
      form.setFailure(explainLastAdmin(error));
      return true;
    },
  });
  useOnOpen(isOpen, () => {
    form.restart();
    refusal.clear();
  });
  return (
    <DangerDialog
      action={texts.delete}
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      title={texts.deleteTitle(login.email)}
    >
      <Stack gap={3}>
        {accounts.length > 0 && <p>{texts.deleteAccounts(formatList(accounts.map(({ name }) => name)))}</p>}
        <p>{texts.deleteSessions}</p>
        <p>{withNames(texts.deleteFinal, { email: login.email })}</p>
      </Stack>
      {refusal.view}
      <PasswordField
        {...form.text("password")}
        autoComplete="current-password"
        help={texts.deletePasswordHelp}
        label={texts.password}
      />
    </DangerDialog>
  );
}
