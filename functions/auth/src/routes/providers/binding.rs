//! An identity that a member connects by a sign-in of the login's own (SPEC D12, D27).

use super::{
    IDENTITY_TAKEN, WRONG_IDENTITY,
    accepting::is_meant,
    asking::{membership, own_session},
    returned::{Done, Returned},
};
use crate::records;
use serde_json::{Value, json};
use vestibule_admin::{
    log,
    problem::{ApiError, SIGN_IN_AGAIN},
};
use vestibule_domain::{
    account::{actor::Actor, email_address::EmailAddress, rules::AccountRules},
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AuditId, LoginId, LoginMethodId},
    team::{
        identity::AccountIdentity,
        invitation::{Invitation, InvitedMethod},
        mail::ChangedCredential,
        member::Member,
    },
};

/// Binds the identity to the membership of the login that began the sign-in, by a session of its own.
pub(super) async fn bind(returned: &Returned<'_>, login_id: LoginId) -> Result<Done, ApiError> {
    let (deps, now) = (returned.deps, returned.now);
    let session = own_session(deps, returned.visitor, now).await?;
    let session = session.filter(|session| session.login_id == login_id);
    let session = session.ok_or(&SIGN_IN_AGAIN)?;
    let member = membership(deps, &session, returned.flow.scope)
        .await?
        .member;
    check_identity(returned, &member).await?;
    let login = deps.logins.get_login(login_id).await?;
    let login = login.ok_or(&SIGN_IN_AGAIN)?;
    let mail = records::changed_mail(deps, &login, ChangedCredential::Identity, now);
    let identity = AccountIdentity {
        scope: member.scope,
        hash: returned.identity.clone(),
        login_id,
        member_id: member.id,
        method_id: returned.method.id,
    };
    let entry = AuditEntry {
        id: AuditId::new(deps.admin.ids.draw()),
        scope: member.scope,
        at: now,
        actor: Actor::member(member.id, member.name.clone()),
        change: Change {
            event: Event::IdentityBound(member.id),
            before: Value::Null,
            after: json!({"login_method": returned.method.id}),
        },
        request_id: returned.visitor.origin.request_id.clone(),
        told: Told::default(),
    };
    let is_bound = deps
        .logins
        .bind_identity(&identity, member.version, &session, mail.as_ref(), &entry)
        .await?;
    if !is_bound {
        return Err(ApiError::new(&IDENTITY_TAKEN));
    }
    log(&entry);
    records::enqueue(deps, mail.as_ref()).await;
    Ok(Done::default())
}

/// Checks that the identity is one that the member may connect.
async fn check_identity(returned: &Returned<'_>, member: &Member) -> Result<(), ApiError> {
    let invitation = match member.invitation_id {
        Some(id) => {
            let found = returned.deps.invitations.get_invitation(member.scope, id);
            found.await?.map(|view| view.invitation)
        }
        None => None,
    };
    let (method, issuer) = (returned.method.id, returned.method.provider.issuer());
    let wanted = Wanted::of(
        &returned.account.rules,
        invitation.as_ref(),
        &member.email,
        method,
    );
    let is_allowed = wanted.is_none_or(|Wanted { identifier, email }| {
        is_meant(&returned.person, identifier, (email, issuer))
    });
    if is_allowed {
        Ok(())
    } else {
        Err(ApiError::new(&WRONG_IDENTITY))
    }
}

/// The person whose identity a member may connect.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    /// The identifier that decides alone, if the invitation gives one.
    identifier: Option<&'a str>,
    /// The address that is verified, where no identifier decides.
    email: &'a EmailAddress,
}

impl<'a> Wanted<'a> {
    /// `None` where the login's own sign-in is enough. An invitation by this method says for whom it is. Where members
    /// sign in at a provider only, a password must not lead to another person's identity, so the invited address decides:
    /// whoever has the password can change the login's.
    fn of(
        rules: &AccountRules,
        invitation: Option<&'a Invitation>,
        email: &'a EmailAddress,
        method: LoginMethodId,
    ) -> Option<Self> {
        let email = invitation.map_or(email, |invitation| &invitation.email);
        match invitation.map(|invitation| &invitation.method) {
            Some(InvitedMethod::Provider {
                method_id,
                identifier,
                ..
            }) if *method_id == method => Some(Self {
                identifier: identifier.as_deref(),
                email,
            }),
            _ if rules.sso_only => Some(Self {
                identifier: None,
                email,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::invitation;
    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    /// SPEC D12, D27.
    #[test]
    fn an_invitation_by_the_method_decides_and_single_sign_on_only_asks_for_the_invited_address() {
        let [method, other] = ["m", "n"].map(|name| LoginMethodId::derive(&[name]));
        let by = |identifier: Option<&str>| {
            invitation(InvitedMethod::Provider {
                method_id: method,
                identifier: identifier.map(str::to_owned),
                issuer: None,
            })
        };
        let (named, addressed) = (by(Some("4711")), by(None));
        let by_password = invitation(InvitedMethod::Password);
        let moved = address("ana@example.org");
        let invited = address("ana@example.com");
        let wanted = |identifier, email| Some(Wanted { identifier, email });
        for (sso_only, invitation, asked, expected) in [
            (false, None, method, None),
            (false, Some(&by_password), method, None),
            (false, Some(&named), other, None),
            (false, Some(&named), method, wanted(Some("4711"), &invited)),
            (false, Some(&addressed), method, wanted(None, &invited)),
            (true, None, method, wanted(None, &moved)),
            (true, Some(&by_password), method, wanted(None, &invited)),
            (true, Some(&named), other, wanted(None, &invited)),
            (true, Some(&named), method, wanted(Some("4711"), &invited)),
        ] {
            let rules = AccountRules {
                sso_only,
                ..AccountRules::default()
            };
            let found = Wanted::of(&rules, invitation, &moved, asked);
            assert_eq!(found, expected, "{sso_only} {invitation:?} {asked}");
        }
    }
}
