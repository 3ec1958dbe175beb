//! An invitation that is accepted by an identity of the account's provider (SPEC D12, D24, D27).

use super::{
    WRONG_IDENTITY,
    asking::own_session,
    outcome::{done, prepare},
    returned::{Done, Returned},
};
use crate::{
    joining::{self, Link, check_room},
    problems::{OTHER_LOGIN_METHOD, SIGN_IN_TO_ACCEPT, TOKEN_NOT_VALID, WRONG_LOGIN},
};
use futures_util::future::try_join;
use vestibule_admin::{problem::ApiError, validation::NAME_MAX_CHARS};
use vestibule_domain::{
    account::email_address::EmailAddress,
    ids::{InvitationId, LoginId, LoginMethodId},
    ports::{AcceptingLogin, AccountPlace},
    team::{
        identity::AccountIdentity,
        invitation::{Invitation, InvitedMethod, TokenKind},
        login::{Login, Preferences},
    },
    text::clean_name,
};
use vestibule_openid::Person;

/// The effect of an acceptance on the login of the invited address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// The address has none: one is made.
    Make,
    /// The address has an unproven one, and the link renews it. What was set before ends, whoever set it.
    Renew,
    /// The login joins as it is.
    Join,
}

/// Decides what becomes of the login of the invited address. The provider has no say in it: what counts is the way of
/// the link, and a sign-in of the login's own.
fn plan(kind: TokenKind, login: Option<&Login>, own: Option<LoginId>) -> Result<Plan, ApiError> {
    let Some(login) = login else {
        return match own {
            Some(_) => Err(ApiError::new(&WRONG_LOGIN)),
            None => Ok(Plan::Make),
        };
    };
    match (own, kind) {
        (Some(own), _) if own != login.id => Err(ApiError::new(&WRONG_LOGIN)),
        (_, kind) if kind.ends_earlier() && login.verified_at.is_none() => Ok(Plan::Renew),
        (Some(_), _) | (None, TokenKind::Mailed | TokenKind::Operator) => Ok(Plan::Join),
        (None, TokenKind::Copied) => Err(ApiError::new(&SIGN_IN_TO_ACCEPT)),
    }
}

/// Checks that the person is the one who was invited. An identifier that the invitation gives decides alone; else the
/// invited address must be verified, which only `OpenID` Connect tells.
fn check_identity(
    invitation: &Invitation,
    (method, issuer): (LoginMethodId, Option<&str>),
    person: &Person,
) -> Result<(), ApiError> {
    let InvitedMethod::Provider {
        method_id,
        identifier,
        issuer: invited_at,
    } = &invitation.method
    else {
        return Err(ApiError::new(&OTHER_LOGIN_METHOD));
    };
    if *method_id != method || invited_at.as_deref() != issuer {
        return Err(ApiError::new(&OTHER_LOGIN_METHOD));
    }
    if is_meant(person, identifier.as_deref(), (&invitation.email, issuer)) {
        Ok(())
    } else {
        Err(ApiError::new(&WRONG_IDENTITY))
    }
}

/// Whether a person is the one who is meant. An identifier decides alone; without one, the address must be verified,
/// which only `OpenID` Connect tells: a provider that has an issuer.
pub(super) fn is_meant(
    person: &Person,
    identifier: Option<&str>,
    (email, issuer): (&EmailAddress, Option<&str>),
) -> bool {
    match identifier {
        Some(identifier) => person.identifier.as_deref() == Some(identifier),
        None => issuer.is_some() && person.email_verified && is_address(person, email),
    }
}

fn is_address(person: &Person, email: &EmailAddress) -> bool {
    let told = person.email.as_deref();
    told.and_then(|told| EmailAddress::parse(told).ok())
        .is_some_and(|told| told == *email)
}

/// Accepts the invitation.
pub(super) async fn accept(
    returned: &Returned<'_>,
    invitation_id: InvitationId,
    token_hash: &str,
) -> Result<Done, ApiError> {
    let (deps, now) = (returned.deps, returned.now);
    let view = deps
        .invitations
        .get_invitation(returned.flow.scope, invitation_id);
    let view = view.await?.ok_or(&TOKEN_NOT_VALID)?;
    let account = returned.account.clone();
    let link = Link::of(deps, view, account, token_hash.to_owned()).await?;
    link.check(now)?;
    let invitation = &link.view.invitation;
    let method = (returned.method.id, returned.method.provider.issuer());
    check_identity(invitation, method, &returned.person)?;
    let own = own_session(deps, returned.visitor, now).await?;
    let login = deps.logins.find_login(&invitation.email).await?;
    let own = own.map(|session| session.login_id);
    let plan = plan(link.kind, login.as_ref(), own)?;
    let (accepting, prepared) = match (plan, login) {
        (Plan::Join, Some(login)) => {
            let places = deps.logins.accounts(login.id);
            let sessions = deps.sessions.list_sessions(login.id);
            let (places, sessions) = try_join(places, sessions).await?;
            check_room(&link, &login, &places)?;
            // Its other accounts are not told: this one's provider is no business of theirs.
            let told: &[AccountPlace] = &[];
            let known = Some((told, sessions.as_slice()));
            // The login's own sign-in is worth more than the provider's, so it stays.
            let prepared = match own {
                Some(_) => None,
                None => Some(prepare(returned, &login, known).await?),
            };
            (AcceptingLogin::Existing(login), prepared)
        }
        (Plan::Renew, Some(login)) => {
            let name = name(returned, &link);
            let renewed = joining::renew(deps, &link, login, (name, None)).await?;
            let prepared = prepare(returned, &renewed.login, None).await?;
            (AcceptingLogin::Renewed(renewed), Some(prepared))
        }
        (Plan::Make | Plan::Join | Plan::Renew, _) => {
            let login = new_login(returned, &link);
            let prepared = prepare(returned, &login, None).await?;
            (AcceptingLogin::New(login), Some(prepared))
        }
    };
    let identity = AccountIdentity {
        scope: link.scope(),
        hash: returned.identity.clone(),
        login_id: accepting.login().id,
        member_id: link.view.member.id,
        method_id: returned.method.id,
    };
    let origin = &returned.visitor.origin;
    let accepted = joining::accept(deps, &link, accepting, prepared, Some(identity), origin);
    let opened = Box::pin(accepted).await?;
    Ok(opened.map(done).unwrap_or_default())
}

fn new_login(returned: &Returned<'_>, link: &Link) -> Login {
    let now = returned.now;
    Login {
        id: LoginId::new(returned.deps.admin.ids.draw()),
        email: link.view.invitation.email.clone(),
        address_since: now,
        name: name(returned, link),
        // A provider proves no address, whatever it says (SPEC D24).
        verified_at: link.kind.proves_address().then_some(now),
        password: None,
        factor: None,
        preferences: Preferences::default(),
        left_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// The person's name at the provider, else the invited one, else the address.
fn name(returned: &Returned<'_>, link: &Link) -> String {
    let told = returned.person.name.as_deref().and_then(clean_name);
    let told = told.map(|name| name.chars().take(NAME_MAX_CHARS).collect::<String>());
    let invited = Some(link.view.member.name.clone()).filter(|name| !name.is_empty());
    told.or(invited)
        .unwrap_or_else(|| link.view.invitation.email.to_string())
}

#[cfg(test)]
mod tests;
