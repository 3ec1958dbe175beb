import { unread } from "../../../texts/en/unread";
import { users as texts } from "../../../texts/en/users";
import { PartProblem, RadioGroup, Stack, TextField } from "../../../ui";
import { withNames } from "../../../ui/with-names";
import { MoreMethods } from "./fields";
import { PASSWORD } from "./invitation-body";
import type { InviteForm } from "./use-invite-form";
import styles from "./users.module.css";

/** The way in which the person will sign in; only those that are set up are offered (D03, D04). */
export function MethodField({ invite }: { invite: InviteForm }) {
  const { form, methods } = invite;
  const options = [
    ...(methods.hasPassword ? [{ value: PASSWORD, label: texts.methodPassword, help: texts.methodPasswordHelp }] : []),
    ...methods.providers.map(({ id, name }) => ({
      value: id,
      label: name,
      help: withNames(texts.methodProviderHelp("{name}"), { name }),
    })),
  ];
  const leave = () => form.restart(form.values);
  return (
    <Stack gap={2}>
      <RadioGroup
        error={form.errors.method}
        help={
          <>
            {!methods.hasPassword && `${texts.ssoOnly} `}
            {methods.mayManage && <MoreMethods onLeave={leave} />}
          </>
        }
        label={texts.method}
        name="method"
        onChange={(method) => form.set("method", method)}
        options={options}
        value={form.values.method}
      />
      <PartProblem read={methods.read} title={unread.loginMethods} />
    </Stack>
  );
}

/** The identifier that is compared with the provider's claim, and the name that a short form asks for beside it. */
export function ProviderFields({ invite, asksNames }: { invite: InviteForm; asksNames: boolean }) {
  const { form, methods } = invite;
  const { method } = form.values;
  if (method === PASSWORD) return null;
  const isNeeded = methods.needsIdentifier(method);
  return (
    <>
      <TextField
        {...form.text("identifier")}
        autoComplete="off"
        help={isNeeded ? texts.identifierHelp : texts.identifierHelpOptional}
        label={texts.identifier}
        mono
        optional={!isNeeded}
        spellCheck={false}
      />
      {asksNames && (
        <div className={styles.halves}>
          <TextField {...form.text("firstName")} autoComplete="off" dir="auto" label={texts.firstName} optional />
          <TextField {...form.text("lastName")} autoComplete="off" dir="auto" label={texts.lastName} optional />
        </div>
      )}
    </>
  );
}
