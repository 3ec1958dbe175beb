import { type ReactNode, useState } from "react";
import {
  type Invitation,
  liftMailBlock,
  makeInvitationLink,
  resendInvitation,
  revokeInvitation,
} from "../../../api/invitations";
import { isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { formatDateTime } from "../../../format";
import { users as texts } from "../../../texts/en/users";
import { announce, Button, ConfirmDialog, copyText, errorText, toasts } from "../../../ui";
import { LinkDialog, type MadeLink } from "./link-dialog";
import { troubleOf } from "./timeline";

/** Reads members and invitations again, after a change of one of them. */
export async function readTeamAgain(): Promise<void> {
  await Promise.all(
    ["members", "member", "invitations", "invitation"].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
  );
}

/** Says why an invitation could not be sent. */
export function sendingFailed(error: unknown): string {
  if (isProblem(error, "resends-used") && error.body.again_at) {
    return `${error.body.title}. ${texts.againFrom(formatDateTime(error.body.again_at))}`;
  }
  return errorText(error);
}

export interface InvitationActions {
  /** Id of the invitation that is being sent. */
  sending: string | undefined;
  send: (invitation: Invitation) => Promise<void>;
  askLink: (invitation: Invitation) => void;
  askRevoke: (invitation: Invitation) => void;
  showLink: (link: MadeLink) => void;
  dialogs: ReactNode;
}

/** The actions on invitations, with the dialogs that they need. */
export function useInvitationActions(): InvitationActions {
  const [sending, setSending] = useState<string>();
  const [asked, setAsked] = useState<{ what: "link" | "revoke"; invitation: Invitation }>();
  const [isAsking, setAsking] = useState(false);
  const [link, setLink] = useState<MadeLink>();
  const [isLinkShown, setLinkShown] = useState(false);

  const ask = (what: "link" | "revoke", invitation: Invitation) => {
    setAsked({ what, invitation });
    setAsking(true);
  };
  const showLink = (made: MadeLink) => {
    setLink(made);
    setLinkShown(true);
  };
  const send = async (invitation: Invitation) => {
    setSending(invitation.id);
    try {
      if (troubleOf(invitation)?.isBlocked) await liftMailBlock(invitation.id);
      const sent = await resendInvitation(invitation.id);
      if (sent.link) showLink({ name: invitation.member.name, url: sent.link, isUnsent: true });
      else toasts.done(texts.resent(invitation.email));
    } catch (error) {
      toasts.failed(sendingFailed(error));
    } finally {
      await readTeamAgain();
      setSending(undefined);
    }
  };
  const makeLink = async ({ id, member }: Invitation) => {
    const url = await makeInvitationLink(id);
    const isCopied = await copyText(url);
    showLink({ name: member.name, url, isCopied });
    void readTeamAgain();
  };
  const revoke = async ({ id, email }: Invitation) => {
    await revokeInvitation(id);
    await readTeamAgain();
    toasts.done(texts.revoked(email));
    announce(texts.revoked(email));
  };
  const name = asked?.invitation.member.name ?? "";
  const dialogs = (
    <>
      <ConfirmDialog
        action={texts.copyLink}
        isOpen={isAsking && asked?.what === "link"}
        kind="primary"
        onClose={() => setAsking(false)}
        onConfirm={() => asked && makeLink(asked.invitation)}
        title={texts.copyLinkTitle(name)}
      >
        <p>{texts.copyLinkText}</p>
        <p>{texts.copyLinkRecord}</p>
      </ConfirmDialog>
      <ConfirmDialog
        action={texts.revokeAction}
        isOpen={isAsking && asked?.what === "revoke"}
        onClose={() => setAsking(false)}
        onConfirm={() => asked && revoke(asked.invitation)}
        title={texts.revokeTitle(name)}
      >
        {texts.revokeText(asked?.invitation.email ?? "")}
      </ConfirmDialog>
      <LinkDialog isOpen={isLinkShown} link={link} onClose={() => setLinkShown(false)} />
    </>
  );
  return {
    sending,
    send,
    askLink: (invitation) => ask("link", invitation),
    askRevoke: (invitation) => ask("revoke", invitation),
    showLink,
    dialogs,
  };
}

interface ButtonsProps {
  invitation: Invitation;
  actions: InvitationActions;
  options: { send: "resend" | "sendAgain" | "inviteAgain" | undefined; mayCopy: boolean; mayRevoke: boolean };
  /** Reason why nothing of it can be done by this person. */
  blocked?: string | undefined;
  className?: string | undefined;
}

/** The buttons of an invitation. */
export function InvitationButtons({ invitation, actions, options, blocked, className }: ButtonsProps) {
  const { send, mayCopy, mayRevoke } = options;
  const isUsedUp = invitation.resends_left === 0;
  return (
    <div className={className}>
      {send && (
        <Button
          blocked={blocked ?? (isUsedUp ? texts.noResendsLeft : undefined)}
          changes
          isBusy={actions.sending === invitation.id}
          onClick={() => void actions.send(invitation)}
          small
        >
          {texts[send]}
        </Button>
      )}
      {mayCopy && (
        <Button blocked={blocked} changes onClick={() => actions.askLink(invitation)} small>
          {texts.copyLink}
        </Button>
      )}
      {mayRevoke && (
        <Button blocked={blocked} changes kind="quiet" onClick={() => actions.askRevoke(invitation)} small>
          {texts.revoke}
        </Button>
      )}
    </div>
  );
}
