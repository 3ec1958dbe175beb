//! The link of an invitation, and the steps that every way of accepting it shares (SPEC D15–D18, D24).

use crate::{
    Deps,
    opening::{Opened, Prepared},
    problems::{LINK_OUTGROWN, LOGIN_METHOD_NOT_ALLOWED, SIGN_IN_TO_ACCEPT, TOKEN_NOT_VALID},
    tokens,
};
use futures_util::future::try_join;
use serde_json::{Value, json};
use vestibule_admin::{
    CallOrigin, log,
    member_work::order_work,
    problem::{
        ALREADY_A_MEMBER, ApiError, INVITATION_NOT_PENDING, STATUS, TOO_MANY_ACCOUNTS,
        UNVERIFIED_LOGIN,
    },
};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{Account, actor::Actor},
    event::{
        AuditEntry, Change, Event,
        told::{EventData, Told},
    },
    ids::AuditId,
    ports::{Acceptance, Accepted, AcceptingLogin, AccountPlace, InvitationView, RenewedLogin},
    routing::seat_of::MemberChange,
    team::{
        availability::Availability,
        identity::AccountIdentity,
        invitation::{InvitationStatus, InvitedMethod, TokenKind},
        login::{ACCOUNTS_MAX, Login, PasswordRecord},
        member::{Member, MemberStatus},
        rights::Rights,
        role::{RoleKey, Roles},
    },
};

/// The limit of a link that did not go to the invited mailbox, and the roles by which it is compared with what the
/// invitee has by now.
#[derive(Debug)]
struct Bound {
    limit: Rights,
    roles: Roles,
}

/// A link that was found, with its invitation and account.
#[derive(Debug)]
pub struct Link {
    /// The invitation with its member.
    pub view: InvitationView,
    /// The account.
    pub account: Account,
    /// The way that this link took.
    pub kind: TokenKind,
    /// SHA-256 of the link's token.
    pub token_hash: String,
    bound: Option<Bound>,
}

impl Link {
    /// The link of an invitation whose token has this hash.
    pub async fn of(
        deps: &Deps,
        view: InvitationView,
        account: Account,
        token_hash: String,
    ) -> Result<Self, ApiError> {
        let invitation = &view.invitation;
        let token = invitation.token(&token_hash).ok_or(&TOKEN_NOT_VALID)?;
        let kind = token.kind;
        let bound = match invitation.limit_of(kind) {
            Some(limit) => {
                let roles = deps.members.roles(invitation.scope).await?;
                Some(Bound { limit, roles })
            }
            None => None,
        };
        Ok(Self {
            view,
            account,
            kind,
            token_hash,
            bound,
        })
    }

    /// The account.
    #[must_use]
    pub const fn scope(&self) -> AccountScope {
        self.view.invitation.scope
    }

    /// Fails unless the invitation can be accepted by this link at this time, whoever has it. Nothing here depends on
    /// the login of the invited address, so that no refusal tells of it.
    pub fn check(&self, now: Timestamp) -> Result<(), ApiError> {
        match self.view.invitation.status(now) {
            InvitationStatus::Pending => {}
            other => return Err(not_pending(other)),
        }
        if !is_allowed(&self.view.invitation.method, &self.account) {
            return Err(ApiError::new(&LOGIN_METHOD_NOT_ALLOWED));
        }
        self.check_rights()
    }

    /// Fails if the invitee has been given more than this link may open, which an admin has seen (SPEC D26).
    fn check_rights(&self) -> Result<(), ApiError> {
        let member = &self.view.member;
        let is_outgrown = |bound: &Bound| {
            let given = member.given(&bound.roles);
            !bound.limit.covers(&given)
        };
        if self.bound.as_ref().is_some_and(is_outgrown) {
            return Err(ApiError::new(&LINK_OUTGROWN));
        }
        Ok(())
    }

    /// The version of the roles on which [`Self::check_rights`] depends.
    fn roles_version(&self) -> Option<u64> {
        let bound = self.bound.as_ref()?;
        matches!(self.view.member.role, RoleKey::Custom(_)).then_some(bound.roles.version)
    }

    /// The limit of a member who joins by this link. A login whose address is proven has none: it is its owner's.
    fn limit(&self, login: &Login) -> Option<Rights> {
        let bound = self.bound.as_ref();
        let bound = bound.filter(|_| login.verified_at.is_none());
        bound.map(|bound| bound.limit.clone())
    }
}

/// Whether the account allows an invited login method.
#[must_use]
pub fn is_allowed(method: &InvitedMethod, account: &Account) -> bool {
    match method {
        InvitedMethod::Password => !account.rules.sso_only,
        InvitedMethod::Provider { method_id, .. } => account.rules.methods.contains_key(method_id),
    }
}

/// Finds the link with this token.
pub async fn find_link(deps: &Deps, token: &str) -> Result<Link, ApiError> {
    let claim = tokens::read_invitation(token).ok_or(&TOKEN_NOT_VALID)?;
    // A claim until the hash is found in the invitation, below.
    let scope = AccountScope::of_verified(claim.account_id);
    let view = deps.invitations.get_invitation(scope, claim.invitation_id);
    let (view, account) = try_join(view, deps.accounts.get_account(scope)).await?;
    let (Some(view), Some(account)) = (view, account) else {
        return Err(ApiError::new(&TOKEN_NOT_VALID));
    };
    Link::of(deps, view, account, claim.hash).await
}

/// Fails unless a login can join the account with this link: it is no member yet, is in fewer than 25
/// accounts, and is in none if its address is not proven.
pub fn check_room(link: &Link, login: &Login, places: &[AccountPlace]) -> Result<(), ApiError> {
    if places
        .iter()
        .any(|place| place.account.id == link.account.id)
    {
        return Err(ApiError::new(&ALREADY_A_MEMBER));
    }
    if login.verified_at.is_none() && !places.is_empty() {
        return Err(ApiError::new(&UNVERIFIED_LOGIN));
    }
    if places.len() >= ACCOUNTS_MAX {
        return Err(ApiError::new(&TOO_MANY_ACCOUNTS));
    }
    Ok(())
}

/// Renews an unproven login of the invited address: its sessions, password and factor end, whoever set them (SPEC D24,
/// D30).
pub async fn renew(
    deps: &Deps,
    link: &Link,
    login: Login,
    (name, password): (String, Option<PasswordRecord>),
) -> Result<RenewedLogin, ApiError> {
    let now = deps.admin.clock.now();
    let places = deps.logins.accounts(login.id);
    let sessions = deps.sessions.list_sessions(login.id);
    let (places, sessions) = try_join(places, sessions).await?;
    let renewed = Login {
        name,
        verified_at: link.kind.proves_address().then_some(now),
        password,
        factor: None,
        updated_at: now,
        ..login
    };
    check_room(link, &renewed, &places)?;
    let freed = match renewed.verified_at {
        Some(now) => AccountPlace::freed(&places, now),
        None => Vec::new(),
    };
    Ok(RenewedLogin {
        login: renewed,
        ended: sessions.into_iter().map(|session| session.hash).collect(),
        freed,
    })
}

/// Accepts the invitation: the pending member becomes the login's, in one transaction that checks the status,
/// the time and the rights again. Returns the session that it opened.
pub async fn accept(
    deps: &Deps,
    link: &Link,
    login: AcceptingLogin,
    prepared: Option<Prepared>,
    identity: Option<AccountIdentity>,
    origin: &CallOrigin,
) -> Result<Option<Opened>, ApiError> {
    link.check_rights()?;
    let now = deps.admin.clock.now();
    let joining = login.login();
    let pending = &link.view.member;
    let member = Member {
        login_id: Some(joining.id),
        email: joining.email.clone(),
        name: joining.name.clone(),
        availability: Availability::available(now),
        limit: link.limit(joining),
        status: MemberStatus::Active,
        updated_at: now,
        ..pending.clone()
    };
    let audit = AuditEntry {
        id: AuditId::new(deps.admin.ids.draw()),
        scope: link.scope(),
        at: now,
        actor: Actor::member(member.id, member.name.clone()),
        change: Change {
            event: Event::MemberJoined(member.id),
            before: facts(pending),
            after: facts(&member),
        },
        request_id: origin.request_id.clone(),
        told: Told::default().with(EventData::new().id("invitation_id", link.view.invitation.id)),
    };
    let acceptance = Acceptance {
        invitation: link.view.invitation.clone(),
        member,
        login,
        roles_version: link.roles_version(),
        session: prepared.as_ref().map(|prepared| prepared.session.clone()),
        opening: prepared.as_ref().map(|prepared| prepared.opening.clone()),
        identity,
        audit,
    };
    match deps.invitations.accept(&acceptance).await? {
        Accepted::Joined => {
            log(&acceptance.audit);
            let joined = MemberChange {
                before: None,
                after: &acceptance.member,
            };
            order_work(deps.routing.as_ref(), joined).await;
            match prepared {
                Some(prepared) => Ok(Some(prepared.stored(deps).await)),
                None => Ok(None),
            }
        }
        Accepted::NotPending(status) => Err(not_pending(status)),
        Accepted::AddressTaken => Err(ApiError::new(&SIGN_IN_TO_ACCEPT)),
        Accepted::AlreadyMember => Err(ApiError::new(&ALREADY_A_MEMBER)),
    }
}

fn not_pending(status: InvitationStatus) -> ApiError {
    ApiError::new(&INVITATION_NOT_PENDING).with_member(&STATUS, status_word(status))
}

/// The spelling of a status on the wire.
#[must_use]
pub const fn status_word(status: InvitationStatus) -> &'static str {
    match status {
        InvitationStatus::Pending => "pending",
        InvitationStatus::Accepted => "accepted",
        InvitationStatus::Revoked => "revoked",
        InvitationStatus::Expired => "expired",
    }
}

/// A member as the audit log records it here.
fn facts(member: &Member) -> Value {
    json!({"name": member.name, "status": member.status, "login_id": member.login_id})
}
