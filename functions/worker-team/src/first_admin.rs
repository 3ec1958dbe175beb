//! The first invitation of a stack: an account, unless the set-up made it before, and a super admin who is
//! invited to it. Without an address to send from, its link is copied (SPEC D32).

use crate::{Deps, tokens};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{Account, Client, actor::Actor, rules::AccountRules},
    connector::SealedSecrets,
    error::Chain,
    event::{
        AuditEntry, Change, Event,
        told::{EventData, Told},
    },
    ids::{AccountId, AuditId, ClientId, InvitationId, MailId, MemberId},
    job::{InviteFirstAdmin, SendMail},
    ports::FirstAdmin,
    secret::Secret,
    team::{
        availability::Availability,
        client_access::ClientAccess,
        invitation::{INVITATION_LIFE_DAYS_DEFAULT, Invitation, InvitedMethod},
        mail::{Mail, MailKind, MailOwner, mail_text},
        member::{Member, MemberStatus},
        role::{RoleKey, SUPER_ADMIN_NAME},
        work::Work,
    },
};

/// Name of the client that a new account begins with.
const CLIENT_NAME: &str = "Default";
const DAY: Duration = Duration::from_hours(24);
/// Names the calls of this worker in audit entries, which no API call made.
const REQUEST_ID: &str = "invite_first_admin";

/// Invites the first admin, unless somebody was invited before.
pub(crate) async fn invite(deps: &Deps, job: &InviteFirstAdmin) -> Result<(), PortError> {
    let set_up = deps.set_up.set_up_state().await?;
    let now = deps.clock.now();
    let (scope, account) = match set_up {
        Some(state) if state.admin_invited_at.is_some() => return Ok(()),
        Some(state) => (AccountScope::of_verified(state.account_id), None),
        None => {
            let (account, client) = new_account(deps, &job.account_name, now);
            let scope = AccountScope::of_verified(account.id);
            (scope, Some((account, client)))
        }
    };
    let name = match &account {
        Some((account, _)) => Some(account.name.clone()),
        None => deps.first_admins.account_name(scope).await?,
    };
    let name = name.as_deref().unwrap_or(&job.account_name);
    let first = first_admin(deps, (job, name), scope, account, now).await?;
    if !deps.first_admins.invite_first_admin(&first).await? {
        tracing::info!("the first admin was invited by another job");
        return Ok(());
    }
    tracing::info!(
        account.id = %scope.account_id(),
        invitation.id = %first.invitation.id,
        is_mailed = first.mail.is_some(),
        "the first admin was invited"
    );
    let Some(mail) = &first.mail else {
        return Ok(());
    };
    let order = SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    };
    if let Err(error) = deps.email.enqueue_email(order).await {
        tracing::warn!(error = %Chain(&error), "the first admin's mail waits for the sweeper");
    }
    Ok(())
}

/// A new account with its default client.
fn new_account(deps: &Deps, name: &str, now: Timestamp) -> (Account, Client) {
    let account = Account {
        id: AccountId::new(deps.ids.draw()),
        name: name.to_owned(),
        rules: AccountRules::default(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let client = Client {
        id: ClientId::new(deps.ids.draw()),
        name: CLIENT_NAME.to_owned(),
        channels: BTreeSet::new(),
        first_reply_minutes: None,
        is_default: true,
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    (account, client)
}

/// The records of the first invitation, to the account of this name.
async fn first_admin(
    deps: &Deps,
    (job, account_name): (&InviteFirstAdmin, &str),
    scope: AccountScope,
    account: Option<(Account, Client)>,
    now: Timestamp,
) -> Result<FirstAdmin, PortError> {
    let invitation_id = InvitationId::new(deps.ids.draw());
    let member = pending_member(deps, job, scope, invitation_id, now);
    let mut invitation = Invitation {
        id: invitation_id,
        scope,
        member_id: member.id,
        email: job.email.clone(),
        method: InvitedMethod::Password,
        invited_by: Actor::system(),
        tokens: Vec::new(),
        copied_rights: None,
        sends: 0,
        resent_at: Vec::new(),
        opened_at: None,
        accepted_at: None,
        revoked_at: None,
        expires_at: expires_at(now),
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mail = if deps.sends_mail {
        let made = tokens::mailed(scope, invitation_id, deps.random.as_ref(), now)?;
        invitation.sends = 1;
        invitation.tokens.push(made.stored);
        let names = (job.name.as_str(), account_name);
        Some(invitation_mail(deps, names, &invitation, made.token, now).await?)
    } else {
        None
    };
    let audit = invited(deps, &member, &invitation, account.as_ref(), now);
    Ok(FirstAdmin {
        account,
        scope,
        invitation,
        member,
        mail,
        audit,
    })
}

/// The time at which an invitation of this time ends.
fn expires_at(now: Timestamp) -> Timestamp {
    let days = u32::try_from(INVITATION_LIFE_DAYS_DEFAULT).unwrap_or(1);
    now.plus(DAY.saturating_mul(days))
}

fn pending_member(
    deps: &Deps,
    job: &InviteFirstAdmin,
    scope: AccountScope,
    invitation_id: InvitationId,
    now: Timestamp,
) -> Member {
    Member {
        id: MemberId::new(deps.ids.draw()),
        scope,
        login_id: None,
        email: job.email.clone(),
        name: job.name.clone(),
        role: RoleKey::SuperAdmin,
        extra: BTreeSet::new(),
        clients: ClientAccess::All,
        work: Work::default(),
        availability: Availability::available(now),
        limit: None,
        status: MemberStatus::Pending,
        invitation_id: Some(invitation_id),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// The mail of an invitation to a person and an account of these names, with its token sealed until it is sent.
async fn invitation_mail(
    deps: &Deps,
    (name, account_name): (&str, &str),
    invitation: &Invitation,
    token: Secret,
    now: Timestamp,
) -> Result<Mail, PortError> {
    let id = Mail::id_of_invitation(invitation.id, invitation.sends);
    let token = seal(deps, id, token).await?;
    let kind = MailKind::Invitation {
        account_name: mail_text(account_name),
        invited_by: mail_text(&invitation.invited_by.name),
        role_name: SUPER_ADMIN_NAME.to_owned(),
        expires_at: invitation.expires_at,
        invitation_id: Some(invitation.id),
    };
    let owner = MailOwner::Account(invitation.scope);
    let to = invitation.email.clone();
    Ok(Mail::queued(
        id,
        owner,
        to,
        Some(name),
        kind,
        Some(token),
        now,
    ))
}

async fn seal(deps: &Deps, id: MailId, token: Secret) -> Result<SealedSecrets, PortError> {
    let fields = BTreeMap::from([(Mail::TOKEN.to_owned(), token)]);
    let context = move |_: &str| Mail::secret_context(id);
    deps.vault.seal(&fields, &context).await
}

/// The entry about the invitation. One about a new account is written with it.
fn invited(
    deps: &Deps,
    member: &Member,
    invitation: &Invitation,
    account: Option<&(Account, Client)>,
    now: Timestamp,
) -> AuditEntry {
    let account =
        account.map(|(account, client)| json!({"name": account.name, "client_id": client.id}));
    AuditEntry {
        id: AuditId::new(deps.ids.draw()),
        scope: member.scope,
        at: now,
        actor: Actor::system(),
        change: Change {
            event: Event::MemberInvited(member.id),
            before: Value::Null,
            after: json!({
                "email": member.email,
                "name": member.name,
                "role": member.role,
                "invitation_id": invitation.id,
                "expires_at": invitation.expires_at,
                "account": account,
            }),
        },
        request_id: REQUEST_ID.to_owned(),
        told: Told::default().with(
            EventData::new()
                .id("invitation_id", invitation.id)
                .id("member_id", member.id)
                .flag("by_mail", deps.sends_mail),
        ),
    }
}

#[cfg(test)]
mod tests;
