import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { latestInvitationOf, liftMailBlock } from "../../../api/invitations";
import { useAccount } from "../../../api/me";
import { allMembersOptions } from "../../../api/members";
import { type ApiProblem, isProblem } from "../../../api/problems";
import { permissionsOptions } from "../../../api/roles";
import { formatDay, formatList } from "../../../format";
import { unread } from "../../../texts/en/unread";
import { users as texts } from "../../../texts/en/users";
import { Button, looks, Notice, PartProblem, Row, Stack } from "../../../ui";
import { useCountdown } from "../../sign-in/use-countdown";
import { labelsOf } from "../permissions/areas";
import { sendingFailed } from "./use-invitations";
import type { InviteForm } from "./use-invite-form";

/** Obstacles to an invitation, and the ways out (U509). */
export function InviteTrouble({ invite }: { invite: InviteForm }) {
  const { trouble } = invite;
  if (isProblem(trouble, "already-invited")) return <AlreadyInvited error={trouble} invite={invite} />;
  if (isProblem(trouble, "already-a-member")) return <AlreadyMember invite={invite} />;
  if (isProblem(trouble, "address-blocked")) return <AddressBlocked error={trouble} invite={invite} />;
  if (isProblem(trouble, "permissions-not-held")) return <NotHeld error={trouble} />;
  if (isProblem(trouble, "too-many-attempts")) return <Throttled error={trouble} key={trouble.body.request_id} />;
  return null;
}

function Trouble({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <Notice tone="warn">
      <div role="alert">
        <Stack gap={2}>
          <p>
            <strong>{title}</strong>
          </p>
          {children}
          {actions && <Row>{actions}</Row>}
        </Stack>
      </div>
    </Notice>
  );
}

function AlreadyInvited({ error, invite }: { error: ApiProblem; invite: InviteForm }) {
  const known = error.body.invitation;
  const invited = known?.timeline.find(({ kind }) => kind === "invited")?.at ?? known?.member.created_at;
  const title =
    known && invited
      ? texts.alreadyInvited(known.member.name, formatDay(invited), known.invited_by.name)
      : error.body.title;
  const { isBusy } = invite.form;
  return (
    <Trouble
      actions={
        <>
          <Button changes isBusy={isBusy} onClick={() => invite.resolve({ onConflict: "resend" })} small>
            {texts.resend}
          </Button>
          <Button changes isBusy={isBusy} onClick={() => invite.resolve({ onConflict: "replace" })} small>
            {texts.replace}
          </Button>
        </>
      }
      title={title}
    >
      <p>{texts.alreadyInvitedText}</p>
    </Trouble>
  );
}

function AlreadyMember({ invite }: { invite: InviteForm }) {
  const account = useAccount();
  const email = invite.form.values.email.trim();
  const member = useQuery(allMembersOptions).data?.find((known) => known.email === email.toLowerCase());
  const leave = () => invite.form.restart(invite.form.values);
  return (
    <Trouble
      actions={
        member && (
          <Link
            className={looks({ small: true })}
            onClick={leave}
            params={{ account: account.id, id: member.id }}
            to="/a/$account/settings/users/$id"
          >
            {texts.openMember(member.name)}
          </Link>
        )
      }
      title={texts.alreadyMember(email)}
    />
  );
}

function AddressBlocked({ error, invite }: { error: ApiProblem; invite: InviteForm }) {
  const email = invite.form.values.email.trim();
  const earlier = useQuery({
    queryKey: ["invitations", "latest-of", email],
    queryFn: async () => (await latestInvitationOf(email)) ?? null,
  });
  const known = earlier.data;
  const [failure, setFailure] = useState<string>();
  const lift = async (id: string) => {
    setFailure(undefined);
    try {
      await liftMailBlock(id);
      invite.resolve({});
    } catch (problem) {
      setFailure(sendingFailed(problem));
    }
  };
  const reasons: Record<string, string> = {
    hard_bounce: texts.addressBlockedBounce,
    complaint: texts.addressBlockedComplaint,
  };
  const { isBusy } = invite.form;
  return (
    <Trouble
      actions={
        <>
          {known && (
            <Button changes isBusy={isBusy} onClick={() => void lift(known.id)} small>
              {texts.liftAndSend}
            </Button>
          )}
          <Button changes isBusy={isBusy} onClick={() => invite.resolve({ isUnsent: true })} small>
            {texts.linkInstead}
          </Button>
        </>
      }
      title={texts.addressBlocked}
    >
      <p>{reasons[error.body.reason ?? ""] ?? texts.addressBlockedUnknown}</p>
      {failure && <p>{failure}</p>}
      <PartProblem read={earlier} title={unread.earlierInvitation} />
    </Trouble>
  );
}

function NotHeld({ error }: { error: ApiProblem }) {
  const catalogue = useQuery(permissionsOptions).data?.items ?? [];
  const missing = labelsOf(error.body.permissions ?? [], catalogue);
  return (
    <Trouble title={texts.notHeld}>
      <p>{missing.length > 0 ? texts.notHeldList(formatList(missing)) : texts.notHeldSuper}</p>
    </Trouble>
  );
}

function Throttled({ error }: { error: ApiProblem }) {
  const { left, start } = useCountdown();
  // biome-ignore lint/correctness/useExhaustiveDependencies: one countdown for each refusal
  useEffect(() => start(error.retryAfter ?? 1), []);
  return (
    <Trouble title={texts.throttled}>
      <p aria-live="off">{texts.throttledText(left)}</p>
    </Trouble>
  );
}
