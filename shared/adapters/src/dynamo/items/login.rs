use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    ids::LoginId,
    ports::Reset,
    team::login::{Login, PasswordRecord, Preferences, RecoveryCode, SecondFactor},
};

/// A login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct LoginItem {
    pk: String,
    sk: String,
    id: LoginId,
    email: EmailAddress,
    /// Absent on rows of earlier releases; the time of creation stands for it, since no reset of theirs opens anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address_since: Option<Timestamp>,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verified_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<PasswordAttribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<FactorAttribute>,
    #[serde(default)]
    preferences: Preferences,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at: Option<Timestamp>,
    /// Time to live, of a login that left its last account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PasswordAttribute {
    hash: String,
    set_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FactorAttribute {
    secret: SealedSecrets,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<Timestamp>,
    last_step: u64,
    recovery: Vec<RecoveryAttribute>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecoveryAttribute {
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
}

/// The address of the decoy. The domain is reserved (RFC 2606), and no row leads from the address to the decoy.
const DECOY_ADDRESS: &str = "nobody@vestibule.invalid";
/// Length of a stored password hash.
const HASH_LEN: usize = 97;

impl LoginItem {
    /// The row that is read in place of a login for an address without one: as large as a login's.
    pub(in crate::dynamo) fn decoy() -> Result<Self, PortError> {
        let email = EmailAddress::parse(DECOY_ADDRESS)
            .map_err(|error| PortError::rejected("decoy", error))?;
        let at = Timestamp::from_millis(0);
        let login = Login {
            id: keys::decoy_id(),
            email,
            address_since: at,
            name: "Nobody at all".to_owned(),
            verified_at: Some(at),
            password: Some(PasswordRecord {
                hash: "-".repeat(HASH_LEN),
                set_at: at,
            }),
            factor: None,
            preferences: Preferences::default(),
            left_at: None,
            version: 1,
            created_at: at,
            updated_at: at,
        };
        let key = keys::decoy_login();
        Ok(Self {
            pk: key.pk,
            sk: key.sk,
            ..Self::from(&login)
        })
    }
}

impl From<&SecondFactor> for FactorAttribute {
    fn from(factor: &SecondFactor) -> Self {
        let recovery = factor.recovery.iter().map(|code| RecoveryAttribute {
            hash: code.hash.clone(),
            used_at: code.used_at,
        });
        Self {
            secret: factor.secret.clone(),
            confirmed_at: factor.confirmed_at,
            last_step: factor.last_step,
            recovery: recovery.collect(),
        }
    }
}

impl From<FactorAttribute> for SecondFactor {
    fn from(stored: FactorAttribute) -> Self {
        let recovery = stored.recovery.into_iter().map(|code| RecoveryCode {
            hash: code.hash,
            used_at: code.used_at,
        });
        Self {
            secret: stored.secret,
            confirmed_at: stored.confirmed_at,
            last_step: stored.last_step,
            recovery: recovery.collect(),
        }
    }
}

impl From<&Login> for LoginItem {
    fn from(login: &Login) -> Self {
        let key = keys::login(login.id);
        let password = login.password.as_ref().map(|password| PasswordAttribute {
            hash: password.hash.clone(),
            set_at: password.set_at,
        });
        Self {
            pk: key.pk,
            sk: key.sk,
            id: login.id,
            email: login.email.clone(),
            address_since: Some(login.address_since),
            name: login.name.clone(),
            verified_at: login.verified_at,
            password,
            factor: login.factor.as_ref().map(Into::into),
            preferences: login.preferences.clone(),
            left_at: login.left_at,
            expires_at: login.purged_at().map(Timestamp::seconds),
            version: login.version,
            created_at: login.created_at,
            updated_at: login.updated_at,
        }
    }
}

impl From<LoginItem> for Login {
    fn from(item: LoginItem) -> Self {
        let password = item.password.map(|password| PasswordRecord {
            hash: password.hash,
            set_at: password.set_at,
        });
        Self {
            id: item.id,
            email: item.email,
            address_since: item.address_since.unwrap_or(item.created_at),
            name: item.name,
            verified_at: item.verified_at,
            password,
            factor: item.factor.map(Into::into),
            preferences: item.preferences,
            left_at: item.left_at,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

/// The login that has an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct EmailItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) login_id: LoginId,
    /// Time to live, of a login that left its last account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl EmailItem {
    /// The row that is read in place of an address that no login has.
    pub(in crate::dynamo) fn decoy() -> Self {
        let key = keys::decoy_address();
        Self {
            pk: key.pk,
            sk: key.sk,
            login_id: keys::decoy_id(),
            expires_at: None,
        }
    }
}

impl From<&Login> for EmailItem {
    fn from(login: &Login) -> Self {
        let key = keys::login_address(&login.email);
        Self {
            pk: key.pk,
            sk: key.sk,
            login_id: login.id,
            expires_at: login.purged_at().map(Timestamp::seconds),
        }
    }
}

/// A permission to set a new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ResetItem {
    pk: String,
    sk: String,
    email: EmailAddress,
    reset_hash: String,
    asked_at: Timestamp,
    ends_at: Timestamp,
    expires_at: i64,
}

impl From<&Reset> for ResetItem {
    fn from(reset: &Reset) -> Self {
        let key = keys::reset(&reset.hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            email: reset.email.clone(),
            reset_hash: reset.hash.clone(),
            asked_at: reset.asked_at,
            ends_at: reset.expires_at,
            expires_at: reset.expires_at.seconds(),
        }
    }
}

impl From<ResetItem> for Reset {
    fn from(item: ResetItem) -> Self {
        Self {
            email: item.email,
            hash: item.reset_hash,
            asked_at: item.asked_at,
            expires_at: item.ends_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};

    #[test]
    fn a_login_is_read_as_it_was_written() {
        let at = Timestamp::from_millis;
        let bare = Login {
            id: LoginId::derive(&["l"]),
            email: EmailAddress::parse("ana@example.com").unwrap(),
            address_since: at(1),
            name: "Ana".to_owned(),
            verified_at: None,
            password: None,
            factor: None,
            preferences: Preferences::default(),
            left_at: None,
            version: 1,
            created_at: at(1),
            updated_at: at(2),
        };
        let full = Login {
            left_at: Some(at(7)),
            address_since: at(3),
            verified_at: Some(at(3)),
            password: Some(PasswordRecord {
                hash: "$argon2id$".to_owned(),
                set_at: at(4),
            }),
            factor: Some(SecondFactor {
                secret: SealedSecrets::default(),
                confirmed_at: Some(at(5)),
                last_step: 57_000_000,
                recovery: vec![RecoveryCode {
                    hash: "c0de".to_owned(),
                    used_at: Some(at(6)),
                }],
            }),
            ..bare.clone()
        };
        for login in [bare, full] {
            let row = to_row(&LoginItem::from(&login)).unwrap();
            let address = to_row(&EmailItem::from(&login)).unwrap();
            for row in [&row, &address] {
                assert_eq!(row.contains_key("expires_at"), login.left_at.is_some());
            }
            let read: LoginItem = from_row(row, "login").unwrap();
            assert_eq!(Login::from(read), login);
        }
    }

    #[test]
    fn a_login_of_an_earlier_release_has_its_address_since_it_was_made() {
        let mut row = to_row(&LoginItem::decoy().unwrap()).unwrap();
        row.remove("address_since");
        let read: LoginItem = from_row(row, "login").unwrap();
        assert_eq!(read.address_since, None);
        let login = Login::from(read);
        assert_eq!(login.address_since, login.created_at);
    }

    /// SPEC D28.
    #[test]
    fn the_decoy_lies_where_no_login_lies() {
        let row = to_row(&LoginItem::decoy().unwrap()).unwrap();
        let read: LoginItem = from_row(row, "login").unwrap();
        let place = keys::login(Login::from(read.clone()).id);
        assert_eq!(read.pk, place.pk);
        assert_ne!(read.sk, place.sk);
        assert_eq!(EmailItem::decoy().pk, place.pk);
    }

    #[test]
    fn a_reset_is_read_as_it_was_written() {
        let reset = Reset {
            email: EmailAddress::parse("ana@example.com").unwrap(),
            hash: "4e5e7".to_owned(),
            asked_at: Timestamp::from_millis(1_799_998_200_500),
            expires_at: Timestamp::from_millis(1_800_000_000_500),
        };
        let row = to_row(&ResetItem::from(&reset)).unwrap();
        let read: ResetItem = from_row(row, "reset").unwrap();
        assert_eq!(read.expires_at, 1_800_000_000);
        assert_eq!(Reset::from(read), reset);
    }
}
