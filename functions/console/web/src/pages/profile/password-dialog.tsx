import { isProblem } from "../../api/problems";
import { profile as texts } from "../../texts/en/profile";
import { FormDialog, PasswordField, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { UsernameField } from "../password/username-field";
import { useRefusal } from "../sign-in/use-refusal";

interface Props<Result> {
  isOpen: boolean;
  /** The address of the login, for password managers. */
  email: string;
  onClose: () => void;
  send: (password: string) => Promise<Result>;
  onDone: (result: Result) => void;
  /** Takes a failure that is not about the password, and answers whether it did. */
  onFailure: (error: unknown) => boolean;
}

/** Asks for the password before a first second factor is set up. */
export function PasswordDialog<Result>({ isOpen, email, onClose, send, onDone, onFailure }: Props<Result>) {
  const refusal = useRefusal();
  const form = useForm<{ password: string }, Result>({
    initial: { password: "" },
    labels: { password: texts.currentPassword },
    rules: { password: (value) => (value ? undefined : texts.currentRequired) },
    send: ({ password }) => {
      refusal.clear();
      return send(password);
    },
    onDone,
    onFailure: (error) => {
      if (!isProblem(error, "wrong-credentials")) return refusal.take(error, {}) || onFailure(error);
      form.complain("password", texts.wrongPassword);
      return true;
    },
  });
  useOnOpen(isOpen, () => {
    form.restart();
    refusal.clear();
  });
  return (
    <FormDialog
      form={form}
      isGuarded={false}
      isOpen={isOpen}
      onClose={onClose}
      size="small"
      submit={texts.goOn}
      title={texts.setUpTitle}
    >
      <p>{texts.setUpProof}</p>
      {refusal.view}
      <UsernameField email={email} />
      <PasswordField {...form.text("password")} autoComplete="current-password" label={texts.currentPassword} />
    </FormDialog>
  );
}
