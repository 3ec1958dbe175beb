//! Logins: one person with one e-mail address, whatever the number of accounts.

use crate::{
    Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    ids::{LoginId, ProjectId},
    record::Record,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Accounts that one login can be a member of.
pub const ACCOUNTS_MAX: usize = 25;
/// Time for which a login is kept that is a member of no account (SPEC D35).
pub const LEFT_LOGIN_KEPT: Duration = Duration::from_hours(30 * 24);

/// One person's way in. A login stands above accounts: none of them may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Id of the login.
    pub id: LoginId,
    /// The address, which no other login has.
    pub email: EmailAddress,
    /// Time at which it got the address.
    pub address_since: Timestamp,
    /// Name of the person.
    pub name: String,
    /// Time at which a mailed link proved the address. A login that a copied link made has none (SPEC D24).
    pub verified_at: Option<Timestamp>,
    /// The password, if one was set.
    pub password: Option<PasswordRecord>,
    /// The second factor, if one was begun.
    pub factor: Option<SecondFactor>,
    /// Preferences of the person.
    pub preferences: Preferences,
    /// Time at which it was found to be a member of no account any more.
    pub left_at: Option<Timestamp>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Login {
    /// The field name of the second factor's secret.
    pub const TOTP: &str = "totp";

    /// The context that the encryption of this login's second factor is bound to.
    #[must_use]
    pub fn secret_context(id: LoginId) -> String {
        format!("login|{id}|{}", Self::TOTP)
    }

    /// Time from which it is no longer kept; `None` while it is a member of an account.
    #[must_use]
    pub fn purged_at(&self) -> Option<Timestamp> {
        self.left_at.map(|left| left.plus(LEFT_LOGIN_KEPT))
    }

    /// The second factor, if it is confirmed. One that was only begun protects nothing.
    #[must_use]
    pub fn confirmed_factor(&self) -> Option<&SecondFactor> {
        self.factor
            .as_ref()
            .filter(|factor| factor.confirmed_at.is_some())
    }

    /// Whether the login still knows a browser that signed it in last at this time. Another password makes it forget
    /// every one from before, since an intruder's may be among them.
    #[must_use]
    pub fn knows_browser_of(&self, seen_at: Timestamp) -> bool {
        let set_at = self.password.as_ref().map(|password| password.set_at);
        set_at.is_none_or(|set_at| set_at <= seen_at)
    }
}

impl Record for Login {
    fn version(&self) -> u64 {
        self.version
    }
}

/// A stored password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// Hash in the PHC string format.
    pub hash: String,
    /// Time at which it was set.
    pub set_at: Timestamp,
}

/// A second factor: codes that depend on the time (RFC 6238), and codes for the loss of their device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret, under the field name [`Login::TOTP`].
    pub secret: SealedSecrets,
    /// Time at which a first code confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// The latest step of time whose code was taken. A code counts once.
    pub last_step: u64,
    /// Recovery codes, used ones included.
    pub recovery: Vec<RecoveryCode>,
}

/// Recovery codes that a second factor gets.
pub const RECOVERY_CODES: usize = 10;

/// A recovery code. It counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode {
    /// SHA-256 of the code, lower-case hex.
    pub hash: String,
    /// Time of its use.
    pub used_at: Option<Timestamp>,
}

/// Preferences of a person, the same in every account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Time zone, by its name in the IANA database; the browser's if absent.
    pub time_zone: Option<String>,
    /// Hours of a day; the language's custom if absent.
    pub hour_cycle: Option<HourCycle>,
    /// Whether keyboard shortcuts are on.
    pub shortcuts: bool,
    /// Colours of the console.
    pub theme: Theme,
    /// Whether digests of new access requests are wanted.
    pub notices: bool,
    /// Projects of which none are wanted all the same.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub muted_projects: BTreeSet<ProjectId>,
}

/// Projects that one person can mute.
pub const MUTED_PROJECTS_MAX: usize = 100;

impl Default for Preferences {
    fn default() -> Self {
        Self {
            time_zone: None,
            hour_cycle: None,
            shortcuts: true,
            theme: Theme::default(),
            notices: true,
            muted_projects: BTreeSet::new(),
        }
    }
}

/// Hours of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HourCycle {
    /// Twice twelve.
    H12,
    /// Twenty-four.
    H23,
}

/// Colours of the console.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// The device's own.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, login};

    /// Another text would leave every stored secret closed.
    #[test]
    fn a_second_factor_is_bound_to_its_login() {
        let id = LoginId::derive(&["l"]);
        assert_eq!(Login::secret_context(id), format!("login|{id}|totp"));
    }

    #[test]
    fn a_second_factor_counts_once_it_is_confirmed() {
        let mut login = login("ana");
        assert_eq!(login.confirmed_factor(), None);
        let begun = SecondFactor {
            secret: SealedSecrets::default(),
            confirmed_at: None,
            last_step: 0,
            recovery: Vec::new(),
        };
        login.factor = Some(begun.clone());
        assert_eq!(login.confirmed_factor(), None);
        let confirmed = SecondFactor {
            confirmed_at: Some(at(1)),
            ..begun
        };
        login.factor = Some(confirmed.clone());
        assert_eq!(login.confirmed_factor(), Some(&confirmed));
        assert_eq!(Record::version(&login), 1);
    }

    /// SPEC D33.
    #[test]
    fn another_password_makes_a_login_forget_the_browsers_from_before() {
        let mut login = login("ana");
        login.password = None;
        assert!(login.knows_browser_of(at(0)));
        login.password = Some(PasswordRecord {
            hash: "$argon2id$".to_owned(),
            set_at: at(5),
        });
        for (seen, known) in [(4, false), (5, true), (6, true)] {
            assert_eq!(login.knows_browser_of(at(seen)), known, "{seen}");
        }
    }

    #[test]
    fn preferences_that_were_never_set_are_the_defaults() {
        let preferences: Preferences = serde_json::from_str("{}").unwrap();
        assert_eq!(preferences, Preferences::default());
        assert!(preferences.shortcuts && preferences.notices);
        let set = serde_json::json!({"hour_cycle": "h23", "theme": "dark"});
        let set: Preferences = serde_json::from_value(set).unwrap();
        assert_eq!(
            (set.hour_cycle, set.theme),
            (Some(HourCycle::H23), Theme::Dark)
        );
    }
}
