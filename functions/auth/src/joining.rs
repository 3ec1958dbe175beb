//! The link of an invitation, and the steps that every way of accepting it shares (SPEC D15–D18, D24).

use crate::{
    Deps,
    problems::{LOGIN_METHOD_NOT_ALLOWED, SIGN_IN_TO_ACCEPT, TOKEN_NOT_VALID, UNVERIFIED_LOGIN},
    tokens,
};
use futures_util::future::try_join;
use serde_json::{Value, json};
use vestibule_admin::{
    CallOrigin, log,
    problem::{ALREADY_A_MEMBER, ApiError, INVITATION_NOT_PENDING, STATUS, TOO_MANY_ACCOUNTS},
};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{Account, actor::Actor},
    event::{AuditEntry, Change, Event},
    ids::AuditId,
    ports::{Acceptance, Accepted, AcceptingLogin, AccountPlace, InvitationView},
    team::{
        identity::AccountIdentity,
        invitation::{InvitationStatus, InvitedMethod, TokenKind},
        login::{ACCOUNTS_MAX, Login},
        member::{Member, MemberStatus},
        session::Session,
    },
};

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
}

impl Link {
    /// The account.
    #[must_use]
    pub const fn scope(&self) -> AccountScope {
        self.view.invitation.scope
    }

    /// Fails unless the invitation can be accepted at this time.
    pub fn check_pending(&self, now: Timestamp) -> Result<(), ApiError> {
        match self.view.invitation.status(now) {
            InvitationStatus::Pending => Ok(()),
            other => Err(not_pending(other)),
        }
    }

    /// Fails unless the account still allows the way in which the invitee has to sign in.
    pub fn check_method(&self) -> Result<(), ApiError> {
        if is_allowed(&self.view.invitation.method, &self.account) {
            Ok(())
        } else {
            Err(ApiError::new(&LOGIN_METHOD_NOT_ALLOWED))
        }
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
    let token = view.invitation.token(&claim.hash);
    let kind = token.map(|token| token.kind).ok_or(&TOKEN_NOT_VALID)?;
    Ok(Link {
        view,
        account,
        kind,
        token_hash: claim.hash,
    })
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

/// Accepts the invitation: the pending member becomes the login's, in one transaction that checks the status
/// and the time again.
pub async fn accept(
    deps: &Deps,
    link: &Link,
    login: AcceptingLogin,
    session: Option<Session>,
    identity: Option<AccountIdentity>,
    origin: &CallOrigin,
) -> Result<(), ApiError> {
    let now = deps.admin.clock.now();
    let joining = login.login();
    let pending = &link.view.member;
    let member = Member {
        login_id: Some(joining.id),
        email: joining.email.clone(),
        name: joining.name.clone(),
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
    };
    let acceptance = Acceptance {
        invitation: link.view.invitation.clone(),
        member,
        login,
        session,
        identity,
        audit,
    };
    match deps.invitations.accept(&acceptance).await? {
        Accepted::Joined => {
            log(&acceptance.audit);
            Ok(())
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
