import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { methodsOptions } from "../../../api/auth";
import { type Invitation, invite } from "../../../api/invitations";
import { loginMethodsOptions } from "../../../api/login-methods";
import { useAccount, useMay, useMe } from "../../../api/me";
import { setMemberImage } from "../../../api/member-images";
import { isProblem } from "../../../api/problems";
import { image } from "../../../texts/en/image";
import { users as texts } from "../../../texts/en/users";
import { announce, toasts, useForm } from "../../../ui";
import { EMPTY, type InviteValues, invitationBody, isAddress, PASSWORD, type Resolution } from "./invitation-body";
import { readTeamAgain } from "./use-invitations";
import { workForm } from "./work/work-sections";

/** Refusals that have words and ways out of their own. */
const KNOWN = ["already-invited", "already-a-member", "address-blocked", "permissions-not-held", "too-many-attempts"];
const NAME_MAX = 100;

/** The login methods by which people can be invited. */
export function useMethods() {
  const account = useAccount();
  const mayManage = useMay()("login_methods.manage");
  const read = useQuery(methodsOptions(account.id));
  const methods = read.data;
  const details = useQuery({ ...loginMethodsOptions, enabled: mayManage }).data?.items;
  return {
    read,
    isRead: methods !== undefined,
    hasPassword: methods?.password ?? true,
    providers: methods?.providers ?? [],
    mayManage,
    /** Whether a method cannot do without the identifier; only who manages login methods can know. */
    needsIdentifier: (method: string) => details?.find(({ id }) => id === method)?.provider.kind === "oauth2",
  };
}

interface Options {
  kind: "short" | "full";
  initial?: InviteValues | undefined;
  /** Called with the invitation; what is left to do is to lead on. */
  onDone: (invitation: Invitation) => void;
}

/** An invitation to make (U503, U504), with what may stand in its way (U509). */
export function useInviteForm({ kind, initial, onDone }: Options) {
  const isFull = kind === "full";
  const methods = useMethods();
  const hasAllClients = useMe().account?.clients === "all";
  const [trouble, setTrouble] = useState<{ error: unknown; email: string }>();
  const resolution = useRef<Resolution>(undefined);
  const mayChooseClients = useMay()("projects.read");
  const access = !mayChooseClients ? "default" : hasAllClients ? "all" : "some";
  const begin: InviteValues = { ...EMPTY, ...initial, access };
  const isProvider = ({ method }: InviteValues) => method !== PASSWORD;
  const nameLength = (name: string) => (name.trim().length > NAME_MAX ? texts.nameTooLong : undefined);

  const form = useForm({
    initial: begin,
    labels: {
      fullName: texts.fullName,
      image: image.title,
      method: texts.method,
      email: isFull ? texts.emailLong : texts.email,
      identifier: texts.identifier,
      firstName: texts.firstName,
      lastName: texts.lastName,
      role: texts.role,
      extra: texts.extra,
      access: texts.clientAccess,
      clients: texts.clientAccess,
      ...workForm.labels,
      send: texts.sendMail,
      days: texts.expiresIn,
    },
    rules: {
      fullName: (name) => (isFull ? (name.trim() ? nameLength(name) : texts.nameRule) : undefined),
      method: () => (methods.hasPassword || methods.providers.length > 0 ? undefined : texts.noMethods),
      email: (email) => (isAddress(email) ? undefined : texts.emailRule),
      identifier: (identifier, values) =>
        isProvider(values) && methods.needsIdentifier(values.method) && !identifier.trim()
          ? texts.identifierRule
          : undefined,
      firstName: nameLength,
      role: (role, values) => (role || isProvider(values) ? undefined : texts.roleRule),
      clients: (clients, values) =>
        isFull && values.access === "some" && clients.length === 0 ? texts.clientsRule : undefined,
      limits: (limits, values) => (isFull ? workForm.limitsRule(limits, values) : undefined),
    },
    apiNames: {
      [isFull ? "fullName" : "firstName"]: "name",
      extra: "extra_permissions",
      days: "expires_in_days",
      ...workForm.apiNames,
    },
    send: async (values, idempotencyKey) => {
      setTrouble(undefined);
      const made = await invite(invitationBody(values, kind, resolution.current), idempotencyKey);
      if (values.image) await setMemberImage(made.member.id, values.image).catch(() => toasts.failed(image.notSaved));
      return made;
    },
    onDone: (invitation) => {
      const isAgain = resolution.current?.onConflict === "resend";
      resolution.current = undefined;
      if (!invitation.link) {
        const words = isAgain ? texts.resent(invitation.email) : texts.invitationSent(invitation.email);
        toasts.done(words);
        announce(words);
      }
      void readTeamAgain();
      onDone(invitation);
    },
    onFailure: (error, values) => {
      if (!isProblem(error, ...KNOWN)) return false;
      setTrouble({ error, email: values.email.trim() });
      return true;
    },
  });

  const email = form.values.email.trim();
  return {
    form,
    methods,
    kind,
    /** The obstacle to the invitation, as long as the address is the one that it is about. */
    trouble: trouble?.email === email ? trouble.error : undefined,
    /** Sends the form again with an answer to the refusal. */
    resolve: (answer: Omit<Resolution, "email">) => {
      const before = resolution.current?.email === email ? resolution.current : undefined;
      resolution.current = { ...before, ...answer, email };
      void form.submit();
    },
    restart: () => {
      resolution.current = undefined;
      setTrouble(undefined);
      form.restart(begin);
    },
  };
}

export type InviteForm = ReturnType<typeof useInviteForm>;
