import { useEffect, useState } from "react";
import { useMe } from "../../api/me";
import { changeAddress } from "../../api/own-login";
import { isProblem } from "../../api/problems";
import { ownLogin as texts } from "../../texts/en/own-login";
import { announce, Button, FormDialog, Notice, PasswordField, Row, TextField, useForm } from "../../ui";
import { withNames } from "../../ui/with-names";
import { useRefusal } from "../sign-in/use-refusal";

const EMPTY = { email: "", password: "" };

/** Asks for a link to another address, and says what holds until it is opened. */
export function ChangeAddress() {
  const { login } = useMe();
  const [isOpen, setOpen] = useState(false);
  const [sentTo, setSentTo] = useState<string>();
  const refusal = useRefusal();
  const form = useForm({
    initial: EMPTY,
    labels: { email: texts.newEmail, password: texts.password },
    rules: {
      email: (value) => {
        if (!/^\S+@\S+$/.test(value.trim())) return texts.emailRule;
        return value.trim().toLowerCase() === login.email.toLowerCase() ? texts.sameEmail : undefined;
      },
      password: (value) => (value ? undefined : texts.passwordRequired),
    },
    send: async ({ email, password }) => {
      refusal.clear();
      await changeAddress({ email: email.trim(), password });
      return email.trim();
    },
    onDone: (email) => {
      setOpen(false);
      setSentTo(email);
      form.restart(EMPTY);
      announce(texts.sentTitle.replace("{email}", email));
    },
    onFailure: (error) => {
      if (!isProblem(error, "wrong-credentials")) return refusal.take(error, { "no-sender": texts.noSender });
      form.complain("password", texts.wrongPassword);
      return true;
    },
  });

  // Once the address is the login's, nothing is on its way.
  useEffect(() => {
    setSentTo((email) => (email?.toLowerCase() === login.email.toLowerCase() ? undefined : email));
  }, [login.email]);

  return (
    <>
      {sentTo && (
        <Notice>
          <p>
            <strong>{withNames(texts.sentTitle, { email: sentTo })}</strong>
          </p>
          <p>{withNames(texts.sent, { present: login.email })}</p>
          <p>{texts.sentNothing}</p>
        </Notice>
      )}
      <Row>
        <Button
          changes
          onClick={() => {
            form.restart(EMPTY);
            refusal.clear();
            setOpen(true);
          }}
        >
          {texts.changeAddress}
        </Button>
      </Row>
      <FormDialog
        form={form}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        size="small"
        submit={texts.sendLink}
        title={texts.changeTitle}
      >
        <p>{withNames(texts.changeAbout, { email: login.email })}</p>
        {refusal.view}
        <TextField
          {...form.text("email")}
          autoCapitalize="off"
          autoComplete="email"
          inputMode="email"
          label={texts.newEmail}
          maxLength={254}
          spellCheck={false}
          type="email"
        />
        <PasswordField {...form.text("password")} autoComplete="current-password" label={texts.password} />
      </FormDialog>
    </>
  );
}
