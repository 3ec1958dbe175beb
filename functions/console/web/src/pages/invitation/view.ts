import type { OpenedInvitation } from "../../api/auth";
import type { Me } from "../../api/me";

/** The page's offer to somebody who opens a link. */
export type View =
  /** The invitation is over: accepted, revoked or expired. */
  | "over"
  /** Somebody else is signed in. */
  | "other"
  /** The account's provider signs in and joins. */
  | "provider"
  /** The account removed the provider. */
  | "method-gone"
  /** The invited login is signed in: the button alone is left. */
  | "join"
  /** The login that is signed in was never proven, and the mailed link proves it with a new password. */
  | "prove"
  /** The address has a login, which has to sign in. */
  | "known"
  /** The address has none: one is made. */
  | "new"
  /** The link does not tell which. */
  | "either";

/** The login that counts here. What a provider of an account signed in counts within that account only. */
export function ownLogin(visitor: Me | null | undefined): Me["login"] | undefined {
  return visitor?.session.method === "password" ? visitor.login : undefined;
}

export function viewOf(invitation: OpenedInvitation, visitor: Me | null | undefined): View {
  if (invitation.status !== "pending") return "over";
  const own = ownLogin(visitor);
  if (own && own.email.toLowerCase() !== invitation.email.toLowerCase()) return "other";
  if (invitation.method.kind === "provider") return invitation.method.provider ? "provider" : "method-gone";
  if (own) return invitation.login !== null && invitation.login !== undefined && !own.verified ? "prove" : "join";
  if (invitation.login === "known") return "known";
  return invitation.login === "new" ? "new" : "either";
}

/** A refusal after which the page has another thing to say than a form: its view, by kind of problem. */
const ENDS = {
  "already-a-member": "member",
  "too-many-accounts": "full",
  "unverified-login": "unverified",
  "link-outgrown": "outgrown",
  "login-method-not-allowed": "method-gone",
  "token-not-valid": "not-valid",
} as const;

export type End = (typeof ENDS)[keyof typeof ENDS];

export function endOf(kind: string | undefined): End | undefined {
  return kind !== undefined && Object.hasOwn(ENDS, kind) ? ENDS[kind as keyof typeof ENDS] : undefined;
}
