import { acceptInvitation } from "../../api/auth";
import { invitation as texts } from "../../texts/en/invitation";
import { TextField } from "../../ui/field";
import { Form, SubmitButton, useForm } from "../../ui/form";
import { NewPasswordField, newPasswordMessage } from "../password/new-password-field";
import { useRefusal } from "../sign-in/use-refusal";
import { enter } from "./enter";

interface Props {
  account: { id: string; name: string };
  email: string;
  name: string;
  token: string;
  /** Called if the login was there already, and its second factor is missing. */
  onFactor: () => void;
  onRefused: (error: unknown) => boolean;
}

/** Name and password of a new login, which accepts the invitation. */
export function NewLoginForm({ account, email, name, token, onFactor, onRefused }: Props) {
  const refusal = useRefusal();
  const form = useForm({
    initial: { name, password: "" },
    labels: { name: texts.name, password: texts.password },
    rules: {
      name: (value) => {
        if (!value.trim()) return texts.nameRequired;
        return [...value.trim()].length > 100 ? texts.nameLong : undefined;
      },
      password: (value, values) => newPasswordMessage(value, { email, name: values.name }),
    },
    send: ({ name: chosen, password }) => {
      refusal.clear();
      return acceptInvitation({ token, name: chosen.trim(), password });
    },
    onDone: ({ status }) => {
      if (status === "factor_required") onFactor();
      else enter(account);
    },
    onFailure: (error) => onRefused(error) || refusal.take(error, {}),
  });
  return (
    <Form form={form} isGuarded={false}>
      {refusal.view}
      <TextField
        autoComplete="username"
        help={texts.emailHelp}
        label={texts.email}
        onChange={() => {}}
        readOnly
        type="email"
        value={email}
      />
      <TextField {...form.text("name")} autoComplete="name" dir="auto" help={texts.nameHelp} label={texts.name} />
      <NewPasswordField {...form.text("password")} label={texts.password} owner={{ email, name: form.values.name }} />
      <SubmitButton wide>{texts.join(account.name)}</SubmitButton>
    </Form>
  );
}
