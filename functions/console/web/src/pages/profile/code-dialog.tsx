import type { ReactNode } from "react";
import type { GivenCode } from "../../api/own-security";
import { type ApiProblem, isProblem } from "../../api/problems";
import { formatList } from "../../format";
import { profile as texts } from "../../texts/en/profile";
import { FormDialog, TextField, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { readCode } from "../sign-in/codes";
import { useRefusal } from "../sign-in/use-refusal";

interface Props<Result> {
  isOpen: boolean;
  title: string;
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  kind?: "primary" | "danger";
  onClose: () => void;
  send: (code: GivenCode) => Promise<Result>;
  onDone: (result: Result) => void;
}

/** Asks for a code of the second factor before it is changed. */
export function CodeDialog<Result>(props: Props<Result>) {
  const { isOpen, title, children, action, kind = "primary", onClose, send, onDone } = props;
  const refusal = useRefusal();
  const form = useForm<{ code: string }, Result>({
    initial: { code: "" },
    labels: { code: texts.code },
    rules: { code: (value) => (readCode(value) ? undefined : texts.anyCodeRule) },
    apiNames: { code: "recovery_code" },
    send: ({ code }) => {
      refusal.clear();
      return send(readCode(code) ?? {});
    },
    onDone,
    onFailure: (error) => {
      if (isProblem(error, "factor-required-by")) return refusal.take(error, { [error.kind]: requiredBy(error) });
      if (!isProblem(error, "wrong-code")) return refusal.take(error, {});
      form.complain("code", texts.wrongCode);
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
      kind={kind}
      onClose={onClose}
      role={kind === "danger" ? "alertdialog" : "dialog"}
      size="small"
      submit={action}
      title={title}
    >
      <p>{children}</p>
      {refusal.view}
      <TextField
        {...form.text("code")}
        autoCapitalize="off"
        autoComplete="one-time-code"
        help={texts.anyCode}
        label={texts.code}
        mono
        spellCheck={false}
      />
    </FormDialog>
  );
}

function requiredBy(error: ApiProblem): string {
  const names = (error.body.accounts ?? []).map(({ name }) => name);
  return names.length === 1 ? texts.requiredBy(formatList(names)) : texts.requiredByMany(formatList(names));
}
