use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    Timestamp, account::email_address::EmailAddress, ids::LoginId, ports::AddressChange,
};

/// A change of a login's address that waits for its mailed link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct AddressChangeItem {
    pk: String,
    sk: String,
    login_id: LoginId,
    change_hash: String,
    email: EmailAddress,
    email_before: EmailAddress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_set_at: Option<Timestamp>,
    ends_at: Timestamp,
    expires_at: i64,
}

impl From<&AddressChange> for AddressChangeItem {
    fn from(change: &AddressChange) -> Self {
        let key = keys::address_change(change.login_id, &change.hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            login_id: change.login_id,
            change_hash: change.hash.clone(),
            email: change.email.clone(),
            email_before: change.from.clone(),
            password_set_at: change.password_set_at,
            ends_at: change.expires_at,
            expires_at: change.expires_at.seconds(),
        }
    }
}

impl From<AddressChangeItem> for AddressChange {
    fn from(item: AddressChangeItem) -> Self {
        Self {
            login_id: item.login_id,
            hash: item.change_hash,
            email: item.email,
            from: item.email_before,
            password_set_at: item.password_set_at,
            expires_at: item.ends_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};

    #[test]
    fn a_change_of_the_address_is_read_as_it_was_written() {
        let change = AddressChange {
            login_id: LoginId::derive(&["l"]),
            hash: "c0de".to_owned(),
            email: EmailAddress::parse("ana@example.org").unwrap(),
            from: EmailAddress::parse("ana@example.com").unwrap(),
            password_set_at: Some(Timestamp::from_millis(7)),
            expires_at: Timestamp::from_millis(1_800_000_000_500),
        };
        for password_set_at in [None, change.password_set_at] {
            let change = AddressChange {
                password_set_at,
                ..change.clone()
            };
            let row = to_row(&AddressChangeItem::from(&change)).unwrap();
            let read: AddressChangeItem = from_row(row, "change of the address").unwrap();
            assert_eq!(read.expires_at, 1_800_000_000);
            assert_eq!(AddressChange::from(read), change);
        }
    }
}
