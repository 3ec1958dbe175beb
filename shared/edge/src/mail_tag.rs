//! The tag by which what became of a mail finds the mail's record: its owner and its id.
//!
//! The mail service hands the tag back with each event. Values of tags are letters, digits, `_` and `-`.

use vestibule_domain::{
    AccountScope,
    ids::{AccountId, LoginId, MailId},
    job::SendMail,
    team::mail::MailOwner,
};

/// Name of the tag.
pub const MAIL_TAG: &str = "vestibule-mail";

const ACCOUNT: &str = "account";
const LOGIN: &str = "login";

/// Writes the tag of a mail.
#[must_use]
pub fn mail_tag(order: SendMail) -> String {
    let mail_id = order.mail_id;
    match order.owner {
        MailOwner::Account(scope) => format!("{ACCOUNT}-{}-{mail_id}", scope.account_id()),
        MailOwner::Login(id) => format!("{LOGIN}-{id}-{mail_id}"),
    }
}

/// Reads a tag; `None` if it is not one of a mail. The mail service tells it only to those whom the stack lets
/// publish to its topic, so its scope is that of the job with which the mail was sent.
#[must_use]
pub fn read_mail_tag(tag: &str) -> Option<SendMail> {
    let mut parts = tag.split('-');
    let (kind, owner, mail_id) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let owner = match kind {
        ACCOUNT => {
            let id = owner.parse::<AccountId>().ok()?;
            MailOwner::Account(AccountScope::of_verified(id))
        }
        LOGIN => MailOwner::Login(owner.parse::<LoginId>().ok()?),
        _ => return None,
    };
    let mail_id = mail_id.parse::<MailId>().ok()?;
    Some(SendMail { owner, mail_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> [SendMail; 2] {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        [
            MailOwner::Account(scope),
            MailOwner::Login(LoginId::derive(&["l"])),
        ]
        .map(|owner| SendMail {
            owner,
            mail_id: MailId::derive(&["m"]),
        })
    }

    #[test]
    fn a_tag_finds_its_mail_and_has_only_characters_that_tags_may_have() {
        for order in orders() {
            let tag = mail_tag(order);
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(tag.len() < 256 && tag.chars().all(is_allowed), "{tag}");
            assert_eq!(read_mail_tag(&tag), Some(order));
        }
    }

    #[test]
    fn nothing_else_is_read_as_a_tag() {
        let [order, _] = orders();
        let tag = mail_tag(order);
        let longer = format!("{tag}-x");
        let lower = tag.to_lowercase();
        for other in [
            "",
            "account",
            "account-x-y",
            longer.as_str(),
            lower.as_str(),
            &tag.replace("account", "project"),
        ] {
            assert_eq!(read_mail_tag(other), None, "{other}");
        }
    }
}
