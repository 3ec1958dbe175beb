import type { components } from "../src/api/schema";
import { ANA, account, ago, id, invitations, me, members, noWork, roles } from "./data.ts";
import { type Call, change, created, invalid, ok, page, problem, type Reply, type Routes } from "./reply.ts";

const LINK = "http://localhost:5173/console/invitation#vsi_3qWm8ZkT1nR5cXbL0hYv7pUd9sJf2aEg";

function invite({ body }: Call): Reply {
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(body.email ?? "")) {
    return invalid({ email: "must be an e-mail address such as ana@example.com" });
  }
  if (body.email.startsWith("often")) {
    return problem(429, "too-many-attempts", "There were too many attempts", "Wait.", {}, { "retry-after": "40" });
  }
  if (body.email.startsWith("blocked") && body.send !== false) {
    return problem(409, "address-blocked", "No mail goes to this address", "Lift the block.", {
      reason: "hard_bounce",
    });
  }
  const existing = invitations.find(({ email, status }) => email === body.email && status === "pending");
  if (existing && !body.on_conflict) {
    return problem(409, "already-invited", "The person is invited already", "Send it again, or repeat the call.", {
      invitation: existing,
    });
  }
  if (members.some(({ email, status }) => email === body.email && status === "active")) {
    return problem(
      409,
      "already-a-member",
      "The person is a member already",
      "The address has a member in this account.",
    );
  }
  const role = roles.find(({ key }) => key === (body.role ?? "agent"));
  const member: components["schemas"]["MemberResponse"] = {
    id: id(),
    email: body.email,
    name: body.name ?? body.email,
    role: role ? { key: role.key, name: role.name } : null,
    extra_permissions: body.extra_permissions ?? [],
    permissions: [...(role?.permissions ?? []), ...(body.extra_permissions ?? [])],
    clients: body.clients ?? "all",
    status: "pending",
    invitation_id: id(),
    is_you: false,
    work: body.work ?? noWork(),
    availability: { state: "offline", paused: [], since: ago(0) },
    created_at: ago(0),
    updated_at: ago(0),
  };
  const invitation: components["schemas"]["InvitationResponse"] = {
    id: member.invitation_id ?? "",
    member,
    email: member.email,
    method:
      body.method && body.method !== "password"
        ? { kind: "provider", login_method_id: body.method, identifier: body.identifier ?? null }
        : { kind: "password", login_method_id: null, identifier: null },
    status: "pending",
    mail_status: "queued",
    timeline: [
      { kind: "invited", at: ago(0), detail: null },
      { kind: "mail_queued", at: ago(0), detail: null },
    ],
    expires_at: ago(-(body.expires_in_days ?? 7) * 86_400_000),
    resends_left: 3,
    invited_by: { id: `member:${ANA}`, name: me.login.name },
    inviter_active: true,
  };
  if (existing && body.on_conflict === "resend") return created(existing);
  if (existing) {
    existing.status = "revoked";
    existing.member.status = "removed";
  }
  members.push(member);
  const isSent = body.send !== false && account.mail.from;
  if (!isSent) Object.assign(invitation, { mail_status: null, timeline: invitation.timeline.slice(0, 1) });
  invitations.unshift(invitation);
  return created(isSent ? invitation : { ...invitation, link: LINK });
}

/** Invitations, as admins see them. */
export const invitationsRoutes: Routes = [
  ["GET /v1/invitations", (call) => page(call, invitations)],
  ["POST /v1/invitations", invite],
  [
    "GET /v1/invitations/*",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        () => undefined,
      ),
  ],
  [
    "POST /v1/invitations/*/resend",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        (known) => {
          if (known.resends_left === 0)
            return problem(
              429,
              "resends-used",
              "The invitation was sent again often enough",
              "Wait.",
              { again_at: ago(-86_400_000) },
              { "retry-after": "86400" },
            );
          known.resends_left -= 1;
          known.status = "pending";
          known.expires_at = ago(-7 * 86_400_000);
          known.mail_status = "queued";
          known.timeline.push(
            { kind: "resent", at: ago(0), detail: null },
            { kind: "mail_queued", at: ago(0), detail: null },
          );
          return undefined;
        },
      ),
  ],
  [
    "POST /v1/invitations/*/revoke",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        (known) => {
          known.status = "revoked";
          known.member.status = "removed";
          return undefined;
        },
      ),
  ],
  ["POST /v1/invitations/*/link", () => ok({ url: LINK })],
  [
    "POST /v1/invitations/*/lift-mail-block",
    (_, [invitation]) =>
      change(
        invitations,
        (known) => known.id === invitation,
        (known) => {
          known.mail_status = null;
          return undefined;
        },
      ),
  ],
];
