import { useEffect } from "react";
import { isProblem } from "../../api/problems";
import { common } from "../../texts/en/common";
import { profile as texts } from "../../texts/en/profile";
import { Button, Dialog, Form, PasswordField, Row, SubmitButton, useForm } from "../../ui";
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew with each opening
  useEffect(() => {
    if (!isOpen) return;
    form.restart();
    refusal.clear();
  }, [isOpen]);
  const leave = () => {
    if (!form.isBusy) onClose();
  };
  return (
    <Dialog isOpen={isOpen} onClose={leave} size="small" title={texts.setUpTitle}>
      <Form form={form} isGuarded={false}>
        <p>{texts.setUpProof}</p>
        {refusal.view}
        {/* Tells password managers whose password it is. */}
        <input
          aria-hidden="true"
          autoComplete="username"
          className="visually-hidden"
          readOnly
          tabIndex={-1}
          type="email"
          value={email}
        />
        <PasswordField {...form.text("password")} autoComplete="current-password" label={texts.currentPassword} />
        <Row align="end">
          <Button onClick={leave}>{common.cancel}</Button>
          <SubmitButton>{texts.goOn}</SubmitButton>
        </Row>
      </Form>
    </Dialog>
  );
}
