import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { accountOptions } from "../../../api/account";
import { type Invitation, invitationOptions } from "../../../api/invitations";
import { useAccount, useMay } from "../../../api/me";
import { type Member, memberOptions } from "../../../api/members";
import { polling } from "../../../api/polling";
import { isProblem } from "../../../api/problems";
import { permissionsOptions } from "../../../api/roles";
import { formatDay, formatList } from "../../../format";
import { MemberAvatar } from "../../../frame/member-avatar";
import { useTitle } from "../../../frame/title";
import { image } from "../../../texts/en/image";
import { users as texts } from "../../../texts/en/users";
import {
  Badge,
  Details,
  looks,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  Section,
  Skeleton,
  Stack,
  Time,
  useChangeLink,
} from "../../../ui";
import { ImageSection } from "../../member-image/image-section";
import { labelsOf } from "../permissions/areas";
import { aboveBy, useStanding } from "../permissions/standing";
import { BackToUsers } from "./back-to-users";
import { ExpiryText } from "./expiry-text";
import { InvitationSteps } from "./invitation-steps";
import { MemberForm } from "./member-form";
import { Membership } from "./membership";
import { StatusBadge } from "./status-badge";
import { newestFirst, optionsOf } from "./timeline";
import { InvitationButtons, useInvitationActions } from "./use-invitations";
import styles from "./users.module.css";

const route = getRouteApi("/a/$account/settings/users/$id");

/** One member: the invitation if it is open, access, and membership (U508). */
export function UserPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(memberOptions(id));
  useTitle(data?.value.name);
  return (
    <Page isNarrow>
      {error && !data ? (
        <>
          <BackToUsers />
          <PageHeading title={isProblem(error, "not-found") ? texts.notFound : texts.title} />
          <ProblemView error={error} retry={() => void refetch()} />
        </>
      ) : !data ? (
        <Skeleton rows={4} />
      ) : (
        <MemberView etag={data.etag} key={data.value.id} member={data.value} />
      )}
    </Page>
  );
}

function MemberView({ member, etag }: { member: Member; etag: string | undefined }) {
  const account = useAccount();
  const mayManage = useMay()("members.manage");
  const above = aboveBy(useStanding(), member);
  const isGone = member.status === "removed";
  const isReadOnly = !mayManage || above !== undefined || isGone;
  return (
    <>
      <BackToUsers />
      <PageHeading
        about={member.name === member.email ? undefined : member.email}
        title={
          <span className={styles.person}>
            <MemberAvatar member={isGone ? undefined : member.id} name={member.name} size={40} />
            <span className={styles.nameLine}>
              <bdi>{member.name}</bdi>
              <StatusBadge status={member.status} />
              {member.is_you && <Badge>{texts.you}</Badge>}
            </span>
          </span>
        }
      />
      {isGone ? <Gone member={member} /> : <Limits above={above} mayManage={mayManage} name={member.name} />}
      {member.status === "pending" && member.invitation_id && (
        <InvitationSection id={member.invitation_id} isBlocked={above !== undefined} />
      )}
      <MemberForm etag={etag} isReadOnly={isReadOnly} member={member} />
      {!isGone && (member.is_you || !isReadOnly) && (
        <ImageSection
          about={member.is_you ? image.aboutMine(account.name) : image.aboutTheirs(member.name)}
          member={member.id}
          name={member.name}
        />
      )}
      {mayManage && !isGone && <Membership isAbove={above !== undefined} member={member} />}
      <Details
        items={[
          [texts.joined, <Time as="full" at={member.created_at} key="joined" />],
          [
            texts.lastSeen,
            member.last_seen_at ? <Time as="full" at={member.last_seen_at} key="seen" /> : texts.neverSeen,
          ],
          [texts.changed, <Time as="full" at={member.updated_at} key="changed" />],
        ]}
      />
    </>
  );
}

/** Why somebody cannot be changed by the person who looks. */
function Limits({
  name,
  mayManage,
  above,
}: {
  name: string;
  mayManage: boolean;
  above: readonly string[] | undefined;
}) {
  const catalogue = useQuery(permissionsOptions).data?.items ?? [];
  if (!mayManage) {
    return (
      <Notice>
        <p>{texts.readOnly}</p>
      </Notice>
    );
  }
  if (!above) return null;
  return (
    <Notice>
      <p>
        {texts.above(name)}{" "}
        {above.length > 0 ? texts.aboveList(formatList(labelsOf(above, catalogue))) : texts.aboveSuper}
      </p>
    </Notice>
  );
}

function Gone({ member }: { member: Member }) {
  const account = useAccount();
  const mayManage = useMay()("members.manage");
  const change = useChangeLink();
  return (
    <Notice>
      <Stack gap={2}>
        <p>{texts.gone(member.name)}</p>
        {mayManage && (
          <div>
            <Link
              {...change}
              className={looks({ small: true })}
              params={{ account: account.id }}
              to="/a/$account/settings/users/new"
            >
              {texts.inviteAfterRemoval}
            </Link>
          </div>
        )}
      </Stack>
    </Notice>
  );
}

function InvitationSection({ id, isBlocked }: { id: string; isBlocked: boolean }) {
  const { data: invitation, error, refetch } = useQuery({ ...invitationOptions(id), ...polling });
  const hasSender = useQuery(accountOptions).data?.value.mail.from !== null;
  const mayManage = useMay()("members.manage");
  const actions = useInvitationActions();
  if (error && !invitation) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!invitation) return <Skeleton rows={2} />;
  const options = optionsOf(invitation, hasSender);
  return (
    <Section
      about={<Summary invitation={invitation} />}
      actions={
        mayManage && (
          <InvitationButtons
            actions={actions}
            blocked={isBlocked ? texts.aboveReason : undefined}
            className={styles.actions}
            invitation={invitation}
            options={options}
          />
        )
      }
      title={texts.invitation}
    >
      <Stack>
        <div className={styles.story}>
          <InvitationSteps invitation={invitation} isBrief />
          {mayManage && options.send && invitation.resends_left < 3 && (
            <p className={styles.soft}>{texts.resendsLeft(invitation.resends_left)}</p>
          )}
        </div>
        <ol className={styles.events}>
          {newestFirst(invitation.timeline).map((entry, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an event has no id, and the list only grows
            <li key={index}>
              <Time as="full" at={entry.at} />
              <span>
                {texts.events[entry.kind]}
                {entry.detail && <bdi className={styles.soft}> {texts.words(entry.detail)}</bdi>}
              </span>
            </li>
          ))}
        </ol>
      </Stack>
      {actions.dialogs}
    </Section>
  );
}

function Summary({ invitation }: { invitation: Invitation }): ReactNode {
  const invited = invitation.timeline.find(({ kind }) => kind === "invited")?.at;
  return (
    <>
      <ExpiryText invitation={invitation} />
      {invited && <> · {texts.invitedBy(invitation.invited_by.name, formatDay(invited))}</>}
      {invitation.inviter_active === false && <>, {texts.inviterLeft}</>}
    </>
  );
}
