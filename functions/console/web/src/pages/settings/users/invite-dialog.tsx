import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useAccount } from "../../../api/me";
import { users as texts } from "../../../texts/en/users";
import { Button, FormDialog, TextField } from "../../../ui";
import { keepDraft } from "./draft";
import { ExtraPermissions, RoleField } from "./fields";
import { PASSWORD } from "./invitation-body";
import { InviteTrouble } from "./invite-trouble";
import type { MadeLink } from "./link-dialog";
import { MethodField, ProviderFields } from "./method-fields";
import { useInviteForm } from "./use-invite-form";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  /** Shows the link that was made instead of a mail. */
  onLink: (link: MadeLink) => void;
}

/** The short form of an invitation (U503). */
export function InviteDialog({ isOpen, onClose, onLink }: Props) {
  const account = useAccount();
  const navigate = useNavigate();
  const invite = useInviteForm({
    kind: "short",
    onDone: ({ link, member }) => {
      onClose();
      if (link) onLink({ name: member.name, url: link });
    },
  });
  const { form, methods } = invite;
  const { method, role, extra } = form.values;
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew each time it opens
  useEffect(() => {
    if (isOpen) invite.restart();
  }, [isOpen]);
  const firstMethod = methods.hasPassword ? PASSWORD : methods.providers[0]?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once it is known that there are no passwords
  useEffect(() => {
    if (methods.isRead && !methods.hasPassword && method === PASSWORD && firstMethod) form.set("method", firstMethod);
  }, [methods.isRead, firstMethod, isOpen]);

  const goOn = () => {
    const { firstName, lastName } = form.values;
    keepDraft({ ...form.values, fullName: `${firstName} ${lastName}`.trim() });
    // Typed values go along, so leaving loses nothing.
    form.restart(form.values);
    void navigate({ to: "/a/$account/settings/users/new", params: { account: account.id } });
  };

  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} submit={texts.invite} title={texts.inviteTitle}>
      <MethodField invite={invite} />
      <TextField
        {...form.text("email")}
        autoComplete="off"
        inputMode="email"
        label={texts.email}
        spellCheck={false}
        type="email"
      />
      <ProviderFields invite={invite} asksNames />
      <RoleField
        error={form.errors.role}
        isOptional={method !== PASSWORD}
        onChange={(next) => form.set("role", next)}
        value={role}
      />
      <ExtraPermissions
        error={form.errors.extra}
        onChange={(next) => form.set("extra", next)}
        role={role}
        value={extra}
      />
      <div>
        <Button icon="plus" kind="quiet" onClick={goOn} small>
          {texts.more}
        </Button>
      </div>
      <InviteTrouble invite={invite} />
    </FormDialog>
  );
}
