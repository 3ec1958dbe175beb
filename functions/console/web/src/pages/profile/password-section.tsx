import { useMe } from "../../api/me";
import { changePassword } from "../../api/own-security";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { profile as texts } from "../../texts/en/profile";
import { Form, FormActions, PasswordField, Section, SubmitButton, toasts, useForm } from "../../ui";
import { NewPasswordField, newPasswordMessage } from "../password/new-password-field";
import { UsernameField } from "../password/username-field";
import { useRefusal } from "../sign-in/use-refusal";

const EMPTY = { current: "", next: "" };

/** Another password. */
export function PasswordSection() {
  const { login } = useMe();
  const refusal = useRefusal();
  const form = useForm({
    initial: EMPTY,
    labels: { current: texts.currentPassword, next: texts.newPassword },
    rules: {
      current: (value) => (value ? undefined : texts.currentRequired),
      next: (value, { current }) =>
        newPasswordMessage(value, login) ?? (value === current ? texts.samePassword : undefined),
    },
    apiNames: { next: "new" },
    send: ({ current, next }) => {
      refusal.clear();
      return changePassword({ current, new: next });
    },
    onDone: () => {
      form.restart(EMPTY);
      void queryClient.invalidateQueries({ queryKey: ["sessions"] });
      toasts.done(texts.passwordChanged);
    },
    onFailure: (error) => {
      if (!isProblem(error, "wrong-credentials")) return refusal.take(error, {});
      form.complain("current", texts.wrongPassword);
      return true;
    },
  });
  return (
    <Section about={texts.passwordAbout} title={texts.password}>
      <Form form={form}>
        {refusal.view}
        <UsernameField email={login.email} />
        <PasswordField {...form.text("current")} autoComplete="current-password" label={texts.currentPassword} />
        <NewPasswordField {...form.text("next")} label={texts.newPassword} owner={login} />
        <FormActions>
          <SubmitButton>{texts.changePassword}</SubmitButton>
        </FormActions>
      </Form>
    </Section>
  );
}
