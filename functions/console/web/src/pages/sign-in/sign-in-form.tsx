import { type ReactNode, useState } from "react";
import { giveFactor, type SignInStatus, signIn } from "../../api/auth";
import { isProblem } from "../../api/problems";
import { signIn as texts } from "../../texts/en/sign-in";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form, SubmitButton, useForm } from "../../ui/form";
import { Stack } from "../../ui/layout";
import { PasswordField } from "../../ui/password-field";
import { digits, isAppCode } from "./codes";
import { useRefusal } from "./use-refusal";

interface Props {
  /** Called once the session is whole. */
  onSignedIn: () => void;
  /** The step to begin with: a provider may have done the first one. */
  step?: "password" | "factor";
  /** An address that is fixed, such as that of an invitation. */
  email?: string;
  /** Beside the label of the password, such as the way to a new one. */
  aside?: ReactNode;
  /** Puts the focus into the first empty field, where the form is all that there is to do. */
  autoFocus?: boolean;
}

/** Signs in by e-mail address and password, then by the second factor where there is one. */
export function SignInForm({ onSignedIn, step = "password", email, aside, autoFocus }: Props) {
  const [current, setCurrent] = useState(step);
  const [isLate, setLate] = useState(false);
  const [isBack, setBack] = useState(false);
  const proceed = (status: SignInStatus) => {
    if (status === "factor_required") setCurrent("factor");
    else onSignedIn();
  };
  const goBack = (late: boolean) => {
    setLate(late);
    setBack(true);
    setCurrent("password");
  };
  if (current === "factor") {
    return (
      <FactorForm
        onDone={proceed}
        onBack={step === "password" ? () => goBack(false) : undefined}
        onLate={() => goBack(true)}
      />
    );
  }
  return <PasswordForm aside={aside} autoFocus={autoFocus || isBack} email={email} isLate={isLate} onDone={proceed} />;
}

interface PasswordProps {
  onDone: (status: SignInStatus) => void;
  email?: string | undefined;
  aside?: ReactNode;
  autoFocus?: boolean | undefined;
  isLate: boolean;
}

function PasswordForm({ onDone, email = "", aside, autoFocus, isLate }: PasswordProps) {
  const refusal = useRefusal(isLate ? texts.factorLate : undefined);
  const form = useForm({
    initial: { email, password: "" },
    labels: { email: texts.email, password: texts.password },
    rules: {
      email: (value) => (value.trim() ? undefined : texts.emailRequired),
      password: (value) => (value ? undefined : texts.passwordRequired),
    },
    send: ({ email: address, password }) => {
      refusal.clear();
      return signIn(address.trim(), password);
    },
    onDone,
    onFailure: (error) => refusal.take(error, { "wrong-credentials": texts.wrong }),
  });
  return (
    <Form form={form} isGuarded={false}>
      {refusal.view}
      <TextField
        {...form.text("email")}
        autoCapitalize="off"
        autoComplete="username"
        autoFocus={autoFocus && email === ""}
        inputMode="email"
        label={texts.email}
        readOnly={email !== ""}
        spellCheck={false}
        type="email"
      />
      <PasswordField
        {...form.text("password")}
        aside={aside}
        autoComplete="current-password"
        autoFocus={autoFocus && email !== ""}
        label={texts.password}
      />
      <SubmitButton wide>{texts.submit}</SubmitButton>
    </Form>
  );
}

interface FactorProps {
  onDone: (status: SignInStatus) => void;
  /** Called when the first step is too long ago. */
  onLate: () => void;
  /** Leads back to the first step, where it was done here. */
  onBack: (() => void) | undefined;
}

function FactorForm({ onDone, onLate, onBack }: FactorProps) {
  const [isRecovery, setRecovery] = useState(false);
  const refusal = useRefusal();
  const form = useForm({
    initial: { code: "" },
    labels: { code: isRecovery ? texts.recoveryCode : texts.code },
    rules: {
      code: (value) => {
        if (isRecovery) return value.trim() ? undefined : texts.recoveryRequired;
        return isAppCode(value) ? undefined : texts.codeRequired;
      },
    },
    send: ({ code }) => {
      refusal.clear();
      return giveFactor(isRecovery ? { recovery_code: code.trim() } : { code: digits(code) });
    },
    onDone,
    onFailure: (error) => {
      if (isProblem(error, "sign-in-again")) {
        onLate();
        return true;
      }
      return refusal.take(error, { "wrong-code": isRecovery ? texts.wrongRecoveryCode : texts.wrongCode });
    },
  });
  const change = () => {
    refusal.clear();
    form.restart();
    setRecovery(!isRecovery);
  };
  return (
    <Form form={form} isGuarded={false}>
      <Stack gap={1}>
        <h2>{texts.factorTitle}</h2>
        <p>{isRecovery ? texts.recoveryAbout : texts.factorAbout}</p>
      </Stack>
      {refusal.view}
      {isRecovery ? (
        <TextField
          {...form.text("code")}
          autoCapitalize="off"
          autoComplete="off"
          autoFocus
          key="recovery"
          label={texts.recoveryCode}
          mono
          spellCheck={false}
        />
      ) : (
        <TextField
          {...form.text("code")}
          autoFocus
          autoComplete="one-time-code"
          inputMode="numeric"
          key="code"
          label={texts.code}
          maxLength={7}
          mono
        />
      )}
      <SubmitButton wide>{texts.goOn}</SubmitButton>
      <Button kind="quiet" onClick={change} wide>
        {isRecovery ? texts.useApp : texts.useRecovery}
      </Button>
      {onBack && (
        <Button kind="quiet" onClick={onBack} wide>
          {texts.back}
        </Button>
      )}
    </Form>
  );
}
