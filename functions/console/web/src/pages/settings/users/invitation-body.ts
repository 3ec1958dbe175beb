import type { CreateInvitation } from "../../../api/invitations";
import type { Permission } from "../../../api/me";
import { NO_WORK, type WorkValues, workOf } from "./work/work";

/** Email & password; every other method is the id of a login method. */
export const PASSWORD = "password";

/** Access to clients: all, some, or what the API gives by default, which is that of the inviter. */
export type Access = "all" | "some" | "default";

/** Values of the forms of an invitation. */
export interface InviteValues extends WorkValues {
  method: string;
  fullName: string;
  /** The profile image in base64; empty for none. */
  image: string;
  email: string;
  identifier: string;
  firstName: string;
  lastName: string;
  /** Key of a role; empty for none. */
  role: string;
  extra: Permission[];
  access: Access;
  clients: string[];
  send: boolean;
  days: string;
}

export const EMPTY: InviteValues = {
  ...NO_WORK,
  method: PASSWORD,
  fullName: "",
  image: "",
  email: "",
  identifier: "",
  firstName: "",
  lastName: "",
  role: "agent",
  extra: [],
  access: "default",
  clients: [],
  send: true,
  days: "7",
};

/** The person's answer to a refusal, for the address that it was about. */
export interface Resolution {
  email: string;
  onConflict?: "resend" | "replace";
  /** A link instead of a mail. */
  isUnsent?: boolean;
}

/** The invitation that a form asks for. The short form leaves clients, life and sending to the API. */
export function invitationBody(
  values: InviteValues,
  form: "short" | "full",
  resolution?: Resolution,
): CreateInvitation {
  const isFull = form === "full";
  const email = values.email.trim();
  const isProvider = values.method !== PASSWORD;
  const name = isFull ? values.fullName : isProvider ? `${values.firstName} ${values.lastName}` : "";
  const answered = resolution?.email === email ? resolution : undefined;
  const isSent = values.send && !answered?.isUnsent;
  return {
    email,
    name: name.trim().replace(/\s+/g, " ") || undefined,
    role: values.role || null,
    extra_permissions: values.extra,
    method: values.method,
    identifier: (isProvider && values.identifier.trim()) || undefined,
    clients: isFull ? clientsOf(values) : undefined,
    ...(isFull && { work: workOf(values, values.access, values.clients) }),
    expires_in_days: isFull ? Number(values.days) : undefined,
    send: isSent ? undefined : false,
    on_conflict: answered?.onConflict,
  };
}

function clientsOf({ access, clients }: Pick<InviteValues, "access" | "clients">) {
  if (access === "default") return undefined;
  return access === "all" ? "all" : clients;
}

/** A part of an address that is enough to tell a typing error. */
export function isAddress(text: string): boolean {
  return /^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(text.trim());
}
