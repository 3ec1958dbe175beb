//! Tokens of invitations, the links that carry them, and the mails that carry the links.

use crate::Deps;
use data_encoding::BASE64URL_NOPAD;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;
use vestibule_admin::auth::{random_bytes, sha256_hex};
use vestibule_domain::{
    PortError, Timestamp,
    error::Chain,
    job::SendMail,
    secret::Secret,
    team::{
        invitation::{Invitation, InvitationToken, TokenKind},
        mail::{Mail, MailKind, MailOwner, mail_text},
        member::Member,
        rights::Rights,
    },
};

/// Bytes of randomness in a token.
const SECRET_LEN: usize = 32;
/// Time limit for the queue: the mail is stored and its caller waits; the sweeper enqueues what the queue does not
/// accept in time.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// Draws a new link of an invitation and adds it, while the invitee has these rights. Returns its token, which can be
/// shown or sent only now.
pub fn add_link(
    deps: &Deps,
    invitation: &mut Invitation,
    (kind, rights): (TokenKind, &Rights),
    now: Timestamp,
) -> Result<Secret, PortError> {
    let secret = BASE64URL_NOPAD.encode(&random_bytes::<SECRET_LEN>(deps.random.as_ref())?);
    let account_id = invitation.scope.account_id();
    let token = format!("vsi_{account_id}_{}_{secret}", invitation.id);
    let stored = InvitationToken {
        hash: sha256_hex(token.as_bytes()),
        kind,
        made_at: now,
    };
    invitation.add_token(stored, rights);
    Ok(Secret::new(token))
}

/// The address of the page at which an invitation is accepted. The token stands in the fragment, which browsers
/// send to nobody.
pub fn link(base: &str, token: &Secret) -> String {
    format!("{base}/console/invitation#{}", token.reveal())
}

/// Texts of others in the mail of an invitation.
#[derive(Debug, Clone, Copy)]
pub struct InvitationWords<'a> {
    /// Name of the account.
    pub account_name: &'a str,
    /// Name of the inviter.
    pub invited_by: &'a str,
    /// Name of the role.
    pub role_name: &'a str,
}

/// Makes the mail that takes this token to the invited address. The token is sealed until it is sent.
pub async fn invitation_mail(
    deps: &Deps,
    invitation: &Invitation,
    member: &Member,
    token: &Secret,
    words: InvitationWords<'_>,
    now: Timestamp,
) -> Result<Mail, PortError> {
    let id = Mail::id_of_invitation(invitation.id, invitation.sends);
    let fields = BTreeMap::from([(Mail::TOKEN.to_owned(), token.clone())]);
    let context = move |_: &str| Mail::secret_context(id);
    let sealed = deps.vault.seal(&fields, &context).await?;
    let kind = MailKind::Invitation {
        account_name: mail_text(words.account_name),
        invited_by: mail_text(words.invited_by),
        role_name: mail_text(words.role_name),
        expires_at: invitation.expires_at,
        invitation_id: Some(invitation.id),
    };
    // A name that was not given is the address, with which a mail need not greet.
    let name = Some(member.name.as_str()).filter(|name| *name != member.email.as_str());
    Ok(Mail::queued(
        id,
        MailOwner::Account(invitation.scope),
        invitation.email.clone(),
        name,
        kind,
        Some(sealed),
        now,
    ))
}

/// Enqueues a mail whose outbox mark was written with the change, or leaves it to the sweeper.
pub async fn send_or_leave(deps: &Deps, mail: Option<&Mail>) {
    let Some(mail) = mail else {
        return;
    };
    let job = SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    };
    match timeout(ENQUEUE_PATIENCE, deps.email.enqueue_email(job)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "a mail is left to the sweeper");
        }
        Err(_) => tracing::warn!("the queue is slow; a mail is left to the sweeper"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_carries_its_token_in_the_fragment_only() {
        let link = link("https://chat.example.com", &Secret::new("vsi_a_b_c"));
        let (address, fragment) = link.split_once('#').unwrap();
        assert_eq!(address, "https://chat.example.com/console/invitation");
        assert_eq!(fragment, "vsi_a_b_c");
    }
}
