import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAccount } from "../../../api/me";
import { allMembersOptions, type Member, reinstateMember, suspendMember } from "../../../api/members";
import { queryClient } from "../../../api/query";
import { users as texts } from "../../../texts/en/users";
import { announce, Button, ConfirmDialog, errorText, Section, Stack, toasts } from "../../../ui";
import { isLastSuperAdmin } from "./filter";
import { RemoveDialog } from "./remove-dialog";
import { readTeamAgain } from "./use-invitations";
import styles from "./users.module.css";
import { OpenConversations } from "./work/open-conversations";

/** Suspending, reinstating and removing a member; a pending one is revoked instead. */
export function Membership({ member, isAbove }: { member: Member; isAbove: boolean }) {
  const { name, status, is_you: isYou } = member;
  const account = useAccount();
  const navigate = useNavigate();
  const members = useQuery(allMembersOptions).data ?? [];
  const [dialog, setDialog] = useState<"suspend" | "remove">();
  const [isBusy, setBusy] = useState(false);
  if (status === "pending") return null;

  const lastReason = isLastSuperAdmin(member, members)
    ? isYou
      ? texts.lastSuperAdminYou
      : texts.lastSuperAdmin(name)
    : undefined;
  const blocked = isAbove ? texts.aboveReason : lastReason;
  const finish = async (words: string) => {
    await readTeamAgain();
    toasts.done(words);
    announce(words);
  };
  const suspend = async () => {
    await suspendMember(member.id);
    await finish(texts.suspended(name));
  };
  const reinstate = async () => {
    setBusy(true);
    try {
      await reinstateMember(member.id);
      await finish(texts.reinstated(name));
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  const leave = () => {
    queryClient.removeQueries({ queryKey: ["member", member.id] });
    void navigate({ to: "/a/$account/settings/users", params: { account: account.id } });
  };

  return (
    <Section about={lastReason} title={texts.membership}>
      <Stack>
        {!isYou && status === "active" && (
          <Duty about={texts.suspendAbout} title={texts.suspend}>
            <Button blocked={blocked} changes onClick={() => setDialog("suspend")}>
              {texts.suspend}
            </Button>
          </Duty>
        )}
        {status === "suspended" && (
          <Duty about={texts.reinstateAbout} title={texts.reinstate}>
            <Button blocked={blocked} changes isBusy={isBusy} onClick={() => void reinstate()}>
              {texts.reinstate}
            </Button>
          </Duty>
        )}
        <Duty about={isYou ? texts.leaveAbout : texts.removeAbout} title={isYou ? texts.leave : texts.remove}>
          <Button blocked={blocked} changes kind="danger" onClick={() => setDialog("remove")}>
            {isYou ? texts.leave : texts.remove}
          </Button>
        </Duty>
      </Stack>
      <ConfirmDialog
        action={texts.suspend}
        isOpen={dialog === "suspend"}
        onClose={() => setDialog(undefined)}
        onConfirm={suspend}
        title={texts.suspendTitle(name)}
      >
        <Stack gap={3}>
          <p>{texts.suspendText(name)}</p>
          <OpenConversations isWanted={dialog === "suspend"} member={member.id} />
        </Stack>
      </ConfirmDialog>
      <RemoveDialog
        isOpen={dialog === "remove"}
        member={member}
        onClose={() => setDialog(undefined)}
        onRemoved={leave}
      />
    </Section>
  );
}

function Duty({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <div className={styles.duty}>
      <div>
        <h3>{title}</h3>
        <p className={styles.soft}>{about}</p>
      </div>
      {children}
    </div>
  );
}
