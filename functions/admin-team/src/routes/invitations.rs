//! Invitations: the way of people into the account (SPEC D03–D08, D15–D25, E16).

pub mod change;
pub mod create;
pub(super) mod draft;

use super::members::MemberResponse;
use crate::{
    Deps,
    api_types::{InvitationPath, InvitationStatusName, MailStatusName, TimelineKind},
};
use axum::{Json, extract::State, response::Response};
use futures_util::future::try_join_all;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, ListQuery, PageParams,
    api_types::{ActorResponse, ListResponse, found},
    problem::{ApiError, ProblemMember},
    problem_types,
};
use vestibule_domain::{
    AccountScope, Timestamp,
    event::told::{EventData, Told},
    ids::{InvitationId, MemberId},
    ports::{Block, InvitationView, LastSeen},
    team::{
        invitation::{Invitation, InvitedMethod},
        mail::{Mail, MailEvent},
        member::{Member, MemberStatus},
        role::Roles,
    },
};

/// The outgoing event that an invitation is sent, by this mail or as a link that the caller hands over.
fn told(invitation: &Invitation, mail: Option<&Mail>) -> Told {
    let data = EventData::new()
        .id("invitation_id", invitation.id)
        .id("member_id", invitation.member_id)
        .flag("by_mail", mail.is_some());
    Told::default().with(data)
}

/// The member `invitation` of problems about an invitation that exists.
const INVITATION: ProblemMember =
    ProblemMember::named::<InvitationResponse>("invitation", "The invitation that exists.");
/// The member `again_at` of the problem of too many mails.
const AGAIN_AT: ProblemMember = ProblemMember::of::<String>(
    "again_at",
    "Time from which the invitation can be sent again.",
);
/// The member `reason` of the problem of a blocked address.
const REASON: ProblemMember = ProblemMember::of::<String>(
    "reason",
    "`hard_bounce` or `complaint`: what became of an earlier mail.",
);

problem_types! {
    ALREADY_INVITED = "already-invited", CONFLICT, "The person is invited already",
        "`invitation` is the one that exists. Send it again, or repeat the call with `on_conflict`.", [INVITATION];
    ADDRESS_BLOCKED = "address-blocked", CONFLICT, "No mail goes to this address",
        "An earlier mail to it was refused for good, or called spam; `reason` says which. Lift the block on its invitation, or set `send` to false and hand the link over.", [REASON];
    RESENDS_USED = "resends-used", TOO_MANY_REQUESTS, "The invitation was sent too often today",
        "It can be sent again from `again_at` on. Its links keep working; one can be copied.", [AGAIN_AT];
}

/// The way in which an invitee has to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kind": "password", "login_method_id": null, "identifier": null}))]
pub struct InvitedMethodResponse {
    /// With a password, or at a provider.
    kind: InvitedMethodKind,
    /// The login method of a provider.
    login_method_id: Option<String>,
    /// Identifier of the person at the provider, if one was given.
    identifier: Option<String>,
}

/// Kind of sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitedMethodKind {
    /// E-mail address and password.
    Password,
    /// An identity provider of the account.
    Provider,
}

impl From<InvitedMethod> for InvitedMethodResponse {
    fn from(method: InvitedMethod) -> Self {
        match method {
            InvitedMethod::Password => Self {
                kind: InvitedMethodKind::Password,
                login_method_id: None,
                identifier: None,
            },
            InvitedMethod::Provider {
                method_id,
                identifier,
                ..
            } => Self {
                kind: InvitedMethodKind::Provider,
                login_method_id: Some(method_id.to_string()),
                identifier,
            },
        }
    }
}

/// An event of an invitation, or of one of its mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kind": "mail_bounced_hard", "at": "2026-11-22T10:00:00.000Z", "detail": "550 5.1.1 user unknown"}))]
pub struct TimelineEntry {
    /// Kind of event.
    kind: TimelineKind,
    /// Time of the event.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The mail server's words, if it said something.
    detail: Option<String>,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitationResponse {
    /// Id.
    id: String,
    /// The member whom accepting makes active.
    member: MemberResponse,
    /// The invited address.
    email: String,
    /// The way in which the person has to sign in.
    method: InvitedMethodResponse,
    /// Status, by the clock.
    status: InvitationStatusName,
    /// Status of the latest mail; null if none was sent.
    mail_status: Option<MailStatusName>,
    /// Events, in the order of time. In a list, those of the latest mail only.
    timeline: Vec<TimelineEntry>,
    /// Time from which it can no longer be accepted.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Times that it can still be sent again today.
    resends_left: usize,
    /// The inviter.
    invited_by: ActorResponse,
    /// Whether the inviter is an active member; null if an API key or the operator invited.
    inviter_active: Option<bool>,
    /// Link to hand over, only in the answer to the call that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://chat.example.com/console/invitation#vsi_…"
    )]
    link: Option<String>,
}

impl InvitationResponse {
    /// Renders an invitation for this caller.
    fn of(
        view: InvitationView,
        roles: &Roles,
        (inviters, seen): (&BTreeMap<String, bool>, &LastSeen),
        call: &Call,
    ) -> Self {
        let now = call.now();
        let timeline = timeline(&view);
        let InvitationView {
            invitation,
            member,
            mails,
        } = view;
        Self {
            id: invitation.id.to_string(),
            status: invitation.status(now).into(),
            resends_left: invitation.resends_left(now),
            invited_by: (&invitation.invited_by).into(),
            inviter_active: inviters.get(&invitation.invited_by.id).copied(),
            mail_status: mails.first().map(|mail| mail.status.into()),
            timeline,
            email: invitation.email.as_str().to_owned(),
            method: invitation.method.into(),
            expires_at: invitation.expires_at,
            member: MemberResponse::of(member, roles, seen, call),
            link: None,
        }
    }

    fn with_link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }
}

/// The events of an invitation and of its mails, in the order of time.
fn timeline(view: &InvitationView) -> Vec<TimelineEntry> {
    let invitation = &view.invitation;
    let entry = |kind, at| TimelineEntry {
        kind,
        at,
        detail: None,
    };
    let mut all = vec![entry(TimelineKind::Invited, invitation.created_at)];
    let resent = invitation.resent_at.iter();
    all.extend(resent.map(|at| entry(TimelineKind::Resent, *at)));
    let tokens = invitation.tokens.iter();
    let copied = tokens.filter(|token| !token.kind.proves_address());
    all.extend(copied.map(|token| entry(TimelineKind::LinkCopied, token.made_at)));
    for (kind, at) in [
        (TimelineKind::Opened, invitation.opened_at),
        (TimelineKind::Accepted, invitation.accepted_at),
        (TimelineKind::Revoked, invitation.revoked_at),
    ] {
        all.extend(at.map(|at| entry(kind, at)));
    }
    let events = view.mails.iter().flat_map(|mail| &mail.events);
    all.extend(events.map(|event: &MailEvent| TimelineEntry {
        kind: event.kind.into(),
        at: event.at,
        detail: event.detail.clone(),
    }));
    all.sort_by_key(|entry| entry.at);
    all
}

/// Whether the members who made these invitations are active, by the actor's id.
async fn inviters(
    deps: &Deps,
    scope: AccountScope,
    views: &[InvitationView],
) -> Result<BTreeMap<String, bool>, ApiError> {
    let ids: BTreeSet<MemberId> = views
        .iter()
        .filter_map(|view| view.invitation.invited_by.id.strip_prefix("member:"))
        .filter_map(|id| id.parse().ok())
        .collect();
    let read = ids.iter().map(|id| deps.members.get_member(scope, *id));
    let found = try_join_all(read).await?;
    let is_active = |status| status == MemberStatus::Active;
    Ok(ids
        .iter()
        .zip(found)
        .map(|(id, member)| {
            let active = member.is_some_and(|member| is_active(member.status));
            (format!("member:{id}"), active)
        })
        .collect())
}

/// Renders one invitation.
async fn shown(
    deps: &Deps,
    call: &Call,
    roles: &Roles,
    view: InvitationView,
) -> Result<InvitationResponse, ApiError> {
    let views = [view];
    let (inviters, seen) = beside(deps, call.scope(), &views).await?;
    let [view] = views;
    let beside = (&inviters, &seen);
    Ok(InvitationResponse::of(view, roles, beside, call))
}

/// Reads what is shown beside invitations: whether their inviters are active, and when their members were last seen.
async fn beside(
    deps: &Deps,
    scope: AccountScope,
    views: &[InvitationView],
) -> Result<(BTreeMap<String, bool>, LastSeen), ApiError> {
    let inviters = inviters(deps, scope, views).await?;
    let members: Vec<&Member> = views.iter().map(|view| &view.member).collect();
    let seen = deps.members.last_seen(&members).await?;
    Ok((inviters, seen))
}

/// List the invitations
///
/// By creation, with those that were accepted, revoked or have expired.
#[utoipa::path(
    get,
    path = "/v1/invitations",
    tag = "Invitations",
    params(PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<InvitationResponse>))
)]
pub async fn list_invitations(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<InvitationResponse>>, ApiError> {
    let scope = call.scope();
    let page = deps
        .invitations
        .list_invitations(scope, &query.page)
        .await?;
    let roles = deps.members.roles(scope).await?;
    let (inviters, seen) = beside(&deps, scope, &page.items).await?;
    Ok(ListResponse::of(page, |view| {
        InvitationResponse::of(view, &roles, (&inviters, &seen), &call)
    }))
}

/// Read an invitation
///
/// With all that became of it and of its mails.
#[utoipa::path(
    get,
    path = "/v1/invitations/{invitation_id}",
    tag = "Invitations",
    params(InvitationPath),
    responses((status = 200, description = "The invitation.", body = InvitationResponse, headers(("ETag" = String, description = "Version of the record."))))
)]
pub async fn get_invitation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<InvitationPath>,
) -> Result<Response, ApiError> {
    let view = read(&deps, call.scope(), path.invitation_id).await?;
    let roles = deps.members.roles(call.scope()).await?;
    let version = view.invitation.version;
    Ok(found(version, shown(&deps, &call, &roles, view).await?))
}

/// Reads an invitation, which must exist.
async fn read(
    deps: &Deps,
    scope: AccountScope,
    id: InvitationId,
) -> Result<InvitationView, ApiError> {
    deps.invitations
        .get_invitation(scope, id)
        .await?
        .ok_or_else(|| ApiError::not_found("invitation"))
}

/// Checks that mail may go to an address.
async fn check_address(deps: &Deps, mail: &Mail) -> Result<(), ApiError> {
    let reason = match deps.mails.is_blocked(mail).await? {
        None => return Ok(()),
        Some(Block::HardBounce) => "hard_bounce",
        Some(Block::Complaint) => "complaint",
    };
    Err(ApiError::new(&ADDRESS_BLOCKED).with_member(&REASON, reason))
}

/// The mails of an invitation with a further one, the latest first.
fn with_mail(mail: Option<Mail>, mails: Vec<Mail>) -> Vec<Mail> {
    mail.into_iter().chain(mails).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        account::{actor::Actor, email_address::EmailAddress},
        ids::{AccountId, MailId},
        team::{
            availability::Availability,
            client_access::ClientAccess,
            invitation::{InvitationToken, TokenKind},
            mail::{MailEventKind, MailKind, MailOwner},
            role::RoleKey,
            work::Work,
        },
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn view() -> InvitationView {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let email = EmailAddress::parse("grace@example.com").unwrap();
        let member = Member {
            id: MemberId::derive(&["m"]),
            scope,
            login_id: None,
            email: email.clone(),
            name: "Grace".to_owned(),
            role: RoleKey::Agent,
            extra: BTreeSet::new(),
            clients: ClientAccess::All,
            work: Work::default(),
            availability: Availability::available(at(0)),
            limit: None,
            status: MemberStatus::Pending,
            invitation_id: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        };
        let token = |kind, second| InvitationToken {
            hash: String::new(),
            kind,
            made_at: at(second),
        };
        let invitation = Invitation {
            id: InvitationId::derive(&["i"]),
            scope,
            member_id: member.id,
            email: email.clone(),
            method: InvitedMethod::Password,
            invited_by: Actor::member(MemberId::derive(&["n"]), "Ada".to_owned()),
            tokens: vec![token(TokenKind::Mailed, 0), token(TokenKind::Copied, 40)],
            copied_rights: None,
            sends: 2,
            resent_at: vec![at(30)],
            opened_at: Some(at(50)),
            accepted_at: None,
            revoked_at: None,
            expires_at: at(1000),
            request_hash: None,
            version: 4,
            created_at: at(0),
            updated_at: at(50),
        };
        let mut mail = Mail::queued(
            MailId::derive(&["l"]),
            MailOwner::Account(scope),
            email,
            None,
            MailKind::Nothing,
            None,
            at(1),
        );
        mail.take(MailEvent::new(
            MailEventKind::BouncedHard,
            at(20),
            Some("550 no such user"),
        ));
        InvitationView {
            invitation,
            member,
            mails: vec![mail],
        }
    }

    /// SPEC D25.
    #[test]
    fn a_timeline_has_the_events_of_invitation_and_mails_in_the_order_of_time() {
        let told: Vec<_> = timeline(&view())
            .into_iter()
            .map(|entry| (entry.kind, entry.at, entry.detail))
            .collect();
        assert_eq!(
            told,
            [
                (TimelineKind::Invited, at(0), None),
                (TimelineKind::MailQueued, at(1), None),
                (
                    TimelineKind::MailBouncedHard,
                    at(20),
                    Some("550 no such user".to_owned())
                ),
                (TimelineKind::Resent, at(30), None),
                (TimelineKind::LinkCopied, at(40), None),
                (TimelineKind::Opened, at(50), None),
            ]
        );
    }

    #[test]
    fn the_latest_mail_stands_first() {
        let mails = view().mails;
        let later = Mail {
            id: MailId::derive(&["later"]),
            ..mails.first().cloned().unwrap()
        };
        let all = with_mail(Some(later.clone()), mails.clone());
        assert_eq!(all, [later, mails.first().cloned().unwrap()]);
        assert_eq!(with_mail(None, mails.clone()), mails);
    }
}
