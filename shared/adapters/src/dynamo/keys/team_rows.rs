//! The keys of the people who run an account: members, roles, invitations, sign-in, mails and the audit log.

use super::{Key, account_pk, of_account};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::email_address::EmailAddress,
    ids::{AccountId, InvitationId, LoginId, LoginMethodId, MailId, MemberId},
    job::SendMail,
    team::{identity::IdentityHash, mail::MailOwner, role::RoleKey, throttle::ThrottleKind},
};

fn login_pk(id: LoginId) -> String {
    format!("LOGIN#{id}")
}

fn of_login(id: LoginId, rest: &str) -> String {
    format!("{}#{rest}", login_pk(id))
}

/// A value of the set-up secret that a recovery used.
#[must_use]
pub fn recovery(value_hash: &str) -> Key {
    Key::new(super::set_up().pk, format!("RECOVERY#{value_hash}"))
}

/// The list of an account's clients.
#[must_use]
pub fn clients(scope: AccountScope) -> String {
    of_account(scope, "CLIENTS")
}

/// The sort key of lists in the order of names.
#[must_use]
pub fn by_name(name: &str, id: impl std::fmt::Display) -> String {
    // Sort keys end at 1,024 bytes.
    let start: String = name.to_lowercase().chars().take(200).collect();
    format!("{start}#{id}")
}

/// A member.
#[must_use]
pub fn member(scope: AccountScope, id: MemberId) -> Key {
    Key::new(of_account(scope, &format!("MEMBER#{id}")), "MEMBER")
}

/// The image of a member.
#[must_use]
pub fn member_image(scope: AccountScope, id: MemberId) -> Key {
    Key::new(member(scope, id).pk, "IMAGE")
}

/// The list of an account's members, of one role or all.
#[must_use]
pub fn members(scope: AccountScope, role: Option<&RoleKey>) -> String {
    let list = of_account(scope, "MEMBERS");
    role.map_or_else(|| list.clone(), |role| format!("{list}#{role}"))
}

/// The member or invitee who has an address within the account.
#[must_use]
pub fn member_address(scope: AccountScope, email: &EmailAddress) -> Key {
    let place = of_account(scope, &format!("ADDRESS#{}", email.hash()));
    Key::new(place, "ADDRESS")
}

/// The channels that an account added.
#[must_use]
pub fn channels(scope: AccountScope) -> Key {
    Key::new(of_account(scope, "CHANNELS"), "CHANNELS")
}

/// The custom roles of an account.
#[must_use]
pub fn roles(scope: AccountScope) -> Key {
    Key::new(of_account(scope, "ROLES"), "ROLES")
}

/// An invitation.
#[must_use]
pub fn invitation(scope: AccountScope, id: InvitationId) -> Key {
    let place = of_account(scope, &format!("INVITATION#{id}"));
    Key::new(place, "INVITATION")
}

/// The list of an account's invitations.
#[must_use]
pub fn invitations(scope: AccountScope) -> String {
    of_account(scope, "INVITATIONS")
}

/// The partition of an account's login methods.
#[must_use]
pub fn login_methods(scope: AccountScope) -> String {
    of_account(scope, "METHODS")
}

/// A login method.
#[must_use]
pub fn login_method(scope: AccountScope, id: LoginMethodId) -> Key {
    Key::new(login_methods(scope), format!("METHOD#{id}"))
}

/// An identity at a provider, as one account bound it.
#[must_use]
pub fn identity(scope: AccountScope, hash: &IdentityHash) -> Key {
    let place = of_account(scope, &format!("IDENTITY#{}", hash.as_str()));
    Key::new(place, "IDENTITY")
}

/// A mail.
#[must_use]
pub fn mail(job: SendMail) -> Key {
    let id = job.mail_id;
    let place = match job.owner {
        MailOwner::Account(scope) => of_account(scope, &format!("{MAIL_KIND}#{id}")),
        MailOwner::Login(login) => of_login(login, &format!("{MAIL_KIND}#{id}")),
    };
    Key::new(place, MAIL_KIND)
}

const MAIL_KIND: &str = "MAIL";

/// The list of a login's mails.
#[must_use]
pub fn login_mails(id: LoginId) -> String {
    of_login(id, "MAILS")
}

/// Parses the key of a mail: the outbox index contains only keys.
#[must_use]
pub fn parse_mail(key: &Key) -> Option<SendMail> {
    let parts: Vec<&str> = key.pk.split('#').collect();
    let [kind, owner, MAIL_KIND, id] = parts.as_slice() else {
        return None;
    };
    let owner = match *kind {
        "ACCOUNT" => MailOwner::Account(AccountScope::of_verified(owner.parse().ok()?)),
        "LOGIN" => MailOwner::Login(owner.parse().ok()?),
        _ => return None,
    };
    let mail_id: MailId = id.parse().ok()?;
    (key.sk == MAIL_KIND).then_some(SendMail { owner, mail_id })
}

/// A mail by the id that the mail service gave it, hashed.
#[must_use]
pub fn mail_sent(hash: &str) -> Key {
    Key::new(format!("MAIL_SENT#{hash}"), "MAIL_SENT")
}

/// The notices that an account sends on the day of this time.
#[must_use]
pub fn notice_day(scope: AccountScope, at: Timestamp) -> Key {
    let date: String = at.to_string().chars().take("2026-11-29".len()).collect();
    Key::new(of_account(scope, "NOTICE_DAYS"), format!("DAY#{date}"))
}

/// An address to which the account sends no mail.
#[must_use]
pub fn blocked_address(scope: AccountScope, email: &EmailAddress) -> Key {
    let place = of_account(scope, &format!("BLOCKED#{}", email.hash()));
    Key::new(place, "BLOCKED")
}

/// An address that a mail server refused for good, whoever wrote to it.
#[must_use]
pub fn bounced_address(email: &EmailAddress) -> Key {
    Key::new(format!("BOUNCED#{}", email.hash()), "BOUNCED")
}

/// A login.
#[must_use]
pub fn login(id: LoginId) -> Key {
    Key::new(login_pk(id), "LOGIN")
}

/// The login that has an address.
#[must_use]
pub fn login_address(email: &EmailAddress) -> Key {
    Key::new(format!("EMAIL#{}", email.hash()), "EMAIL")
}

/// The row that is read in place of a login for an address without one. It lies in the partition of a login that
/// nobody has, and no address and no token leads to it.
#[must_use]
pub fn decoy_login() -> Key {
    of_decoy("DECOY_LOGIN")
}

/// The row that is read in place of an address that no login has.
#[must_use]
pub fn decoy_address() -> Key {
    of_decoy("DECOY_ADDRESS")
}

/// A row that is never there: it is read where another address costs a row.
#[must_use]
pub fn decoy_gap() -> Key {
    of_decoy("DECOY_GAP")
}

fn of_decoy(place: &str) -> Key {
    Key::new(login_pk(decoy_id()), place)
}

/// The id of a login that nobody has.
#[must_use]
pub fn decoy_id() -> LoginId {
    LoginId::derive(&["decoy"])
}

/// The partition of a login's accounts.
#[must_use]
pub fn login_members(id: LoginId) -> String {
    of_login(id, "MEMBERS")
}

/// The member of a login in one account.
#[must_use]
pub fn login_member(id: LoginId, account_id: AccountId) -> Key {
    Key::new(login_members(id), account_pk(account_id))
}

/// The partition of a login's sessions.
#[must_use]
pub fn sessions(id: LoginId) -> String {
    of_login(id, "SESSIONS")
}

/// A session.
#[must_use]
pub fn session(id: LoginId, hash: &str) -> Key {
    Key::new(sessions(id), format!("SESSION#{hash}"))
}

/// The version of a login from which on its sessions count.
#[must_use]
pub fn sessions_ended(id: LoginId) -> Key {
    Key::new(sessions(id), "ENDED")
}

/// The partition of the last activity of a login's sessions, and of the login in each account. It is apart from the
/// sessions because roles are limited by partition, and every function that proves a session notes its activity.
#[must_use]
pub fn session_uses(id: LoginId) -> String {
    of_login(id, "SESSION_USES")
}

/// The last activity of a session.
#[must_use]
pub fn session_use(id: LoginId, hash: &str) -> Key {
    Key::new(session_uses(id), format!("SESSION#{hash}"))
}

/// The time at which a member of the login was last seen in their account.
#[must_use]
pub fn member_seen(id: LoginId, member_id: MemberId) -> Key {
    Key::new(session_uses(id), format!("SEEN#{member_id}"))
}

/// A browser that signed the login in before.
#[must_use]
pub fn device(id: LoginId, hash: &str) -> Key {
    Key::new(devices(id), format!("DEVICE#{hash}"))
}

/// A permission to set a new password, by the hash of its link's token.
#[must_use]
pub fn reset(hash: &str) -> Key {
    Key::new(format!("RESET#{hash}"), "RESET")
}

/// A change of the address that waits for its mailed link.
#[must_use]
pub fn address_change(id: LoginId, hash: &str) -> Key {
    Key::new(address_changes(id), format!("NEW_ADDRESS#{hash}"))
}

/// The partition of a login's changes of the address.
#[must_use]
pub fn address_changes(id: LoginId) -> String {
    of_login(id, "NEW_ADDRESSES")
}

/// The partition of the browsers that a login knows.
#[must_use]
pub fn devices(id: LoginId) -> String {
    of_login(id, "DEVICES")
}

/// The partition of the identities that are bound to a login, by account.
#[must_use]
pub fn login_identities(id: LoginId) -> String {
    of_login(id, "IDENTITIES")
}

/// An identity that an account bound to a login.
#[must_use]
pub fn login_identity(id: LoginId, account_id: AccountId, hash: &IdentityHash) -> Key {
    let place = format!("{}#{}", account_pk(account_id), hash.as_str());
    Key::new(login_identities(id), place)
}

/// A sign-in on its way through a provider.
#[must_use]
pub fn flow(state_hash: &str) -> Key {
    Key::new(format!("FLOW#{state_hash}"), "FLOW")
}

/// The throttle of a subject, which is hashed.
#[must_use]
pub fn throttle(kind: ThrottleKind, subject_hash: &str) -> Key {
    let place = format!("THROTTLE#{}#{subject_hash}", kind.key());
    Key::new(place, "THROTTLE")
}

/// A month of an account's audit log, as `2026-11`.
#[must_use]
pub fn audit_month(scope: AccountScope, month: &str) -> String {
    of_account(scope, &format!("AUDIT#{month}"))
}

/// The list of an actor's audit entries.
#[must_use]
pub fn audit_by(scope: AccountScope, actor_id: &str) -> String {
    of_account(scope, &format!("AUDIT_BY#{actor_id}"))
}

/// The list of audit entries about a target.
#[must_use]
pub fn audit_on(scope: AccountScope, target: &str) -> String {
    of_account(scope, &format!("AUDIT_ON#{target}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::ids::ClientId;

    fn scope(name: &str) -> AccountScope {
        AccountScope::of_verified(AccountId::derive(&[name]))
    }

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    /// Every row of an account, with the partition that roles are limited by.
    fn rows(scope: AccountScope) -> Vec<Key> {
        let address = email("ana@example.com");
        let mail_id = MailId::derive(&["m"]);
        vec![
            member(scope, MemberId::derive(&["m"])),
            member_address(scope, &address),
            roles(scope),
            channels(scope),
            invitation(scope, InvitationId::derive(&["i"])),
            login_method(scope, LoginMethodId::derive(&["l"])),
            identity(scope, &IdentityHash::oidc("https://idp.example", "1")),
            mail(SendMail {
                owner: MailOwner::Account(scope),
                mail_id,
            }),
            blocked_address(scope, &address),
        ]
    }

    #[test]
    fn every_kind_of_row_has_a_partition_of_its_own_within_its_account() {
        let (one, other) = (rows(scope("a")), rows(scope("b")));
        let start = format!("ACCOUNT#{}#", scope("a").account_id());
        assert!(one.iter().all(|key| key.pk.starts_with(&start)));
        let partitions: BTreeSet<_> = one.iter().chain(&other).map(|key| &key.pk).collect();
        assert_eq!(partitions.len(), one.len() + other.len());
    }

    #[test]
    fn the_key_of_a_mail_reads_back_and_no_other_key_is_read_as_one() {
        let mail_id = MailId::derive(&["m"]);
        for owner in [
            MailOwner::Account(scope("a")),
            MailOwner::Login(LoginId::derive(&["l"])),
        ] {
            let job = SendMail { owner, mail_id };
            assert_eq!(parse_mail(&mail(job)), Some(job));
        }
        for key in rows(scope("a")) {
            let is_mail = key.sk == MAIL_KIND;
            assert_eq!(parse_mail(&key).is_some(), is_mail, "{key}");
        }
        let job = SendMail {
            owner: MailOwner::Login(LoginId::derive(&["l"])),
            mail_id,
        };
        let beside = Key::new(mail(job).pk, "IMAGE");
        assert_eq!(parse_mail(&beside), None);
    }

    #[test]
    fn lists_by_name_fold_case_and_their_sort_keys_stay_below_dynamodbs_limit() {
        let id = ClientId::derive(&["c"]);
        assert_eq!(by_name("Ana", id), format!("ana#{id}"));
        assert!(by_name(&"\u{1F600}".repeat(500), id).len() < 1024);
    }

    #[test]
    fn members_are_listed_by_role_too() {
        let list = members(scope("a"), None);
        assert_eq!(
            members(scope("a"), Some(&RoleKey::SuperAdmin)),
            format!("{list}#super_admin")
        );
        assert_eq!(
            members(scope("a"), Some(&RoleKey::None)),
            format!("{list}#none")
        );
    }
}
