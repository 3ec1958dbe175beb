import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { askReset } from "../../api/auth";
import { PublicPage } from "../../frame/public-page";
import { reset as texts } from "../../texts/en/reset";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form, SubmitButton, useForm } from "../../ui/form";
import { announce } from "../../ui/live";
import { withNames } from "../../ui/with-names";
import { useRefusal } from "../sign-in/use-refusal";

/** Asks for a link. The answer is the same for every address. */
export function AskReset() {
  const [asked, setAsked] = useState<string>();
  const refusal = useRefusal();
  const form = useForm({
    initial: { email: "" },
    labels: { email: texts.email },
    rules: { email: (value) => (/^\S+@\S+$/.test(value.trim()) ? undefined : texts.emailRequired) },
    send: async ({ email }) => {
      refusal.clear();
      await askReset(email.trim());
      return email.trim();
    },
    onDone: (email) => {
      setAsked(email);
      announce(texts.askedTitle);
    },
    onFailure: (error) => refusal.take(error, {}),
  });
  const foot = <Link to="/sign-in">{texts.back}</Link>;
  if (asked !== undefined) {
    return (
      <PublicPage about={withNames(texts.asked, { email: asked })} foot={foot} key="asked" title={texts.askedTitle}>
        <p>{texts.nothing}</p>
        <Button autoFocus onClick={() => setAsked(undefined)} wide>
          {texts.again}
        </Button>
      </PublicPage>
    );
  }
  return (
    <PublicPage about={texts.about} foot={foot} key="ask" title={texts.title}>
      <Form form={form} isGuarded={false}>
        {refusal.view}
        <TextField
          {...form.text("email")}
          autoCapitalize="off"
          autoComplete="username"
          inputMode="email"
          label={texts.email}
          spellCheck={false}
          type="email"
        />
        <SubmitButton wide>{texts.ask}</SubmitButton>
      </Form>
    </PublicPage>
  );
}
