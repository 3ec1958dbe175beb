//! The people whom the parts of a payload name (PROVIDERS §4.5).
//!
//! Since people can hide their number, the field for phone numbers may contain a BSUID, which also
//! has a field of its own. Nothing is matched by position, because a batch names several people.

use super::key;
use crate::{
    fields::string,
    whatsapp::{identities, is_bsuid, is_same_number, phone_digits},
};
use serde_json::Value;
use vestibule_domain::{chat::message::Identity, chat::profile::Profile};

/// The ids of one person in one part of a payload, without malformed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Person<'a> {
    phone: Option<&'a str>,
    bsuid: Option<&'a str>,
}

impl<'a> Person<'a> {
    /// The author of a message.
    pub(super) fn author(message: &'a Value) -> Self {
        Self::read(message, "from", "from_user_id")
    }

    /// The recipient of a message, from its status.
    pub(super) fn recipient(status: &'a Value) -> Self {
        Self::read(status, "recipient_id", "recipient_user_id")
    }

    fn read(part: &'a Value, either: &str, bsuid: &str) -> Self {
        let either = string(part, either);
        let bsuid = string(part, bsuid).or(either);
        Self {
            phone: either.and_then(phone_digits),
            bsuid: bsuid
                .filter(|text| is_bsuid(text))
                .or_else(|| either.filter(|text| is_bsuid(text))),
        }
    }

    /// Adds the ids of the person's contact, and returns it too.
    pub(super) fn among(self, contacts: &'a [Value]) -> (Self, Option<&'a Value>) {
        let named = || {
            contacts
                .iter()
                .map(|contact| (Self::read(contact, "wa_id", "user_id"), contact))
        };
        // The very number comes first: the rule for notations knows mobile numbers of three countries alone.
        let contact = named()
            .find(|(named, _)| self.is(*named, |one, other| one == other))
            .or_else(|| named().find(|(named, _)| self.is(*named, is_same_number)));
        match contact {
            Some((named, contact)) => (
                Self {
                    phone: self.phone.or(named.phone),
                    bsuid: self.bsuid.or(named.bsuid),
                },
                Some(contact),
            ),
            None => (self, None),
        }
    }

    /// Whether both are the same person: they share an id, and no id differs.
    fn is(self, other: Self, is_same_number: impl Fn(&str, &str) -> bool) -> bool {
        let both = |one: Option<&'a str>, other: Option<&'a str>| Some((one?, other?));
        let compared = [
            both(self.phone, other.phone).map(|(one, other)| is_same_number(one, other)),
            both(self.bsuid, other.bsuid).map(|(one, other)| one == other),
        ];
        compared.contains(&Some(true)) && !compared.contains(&Some(false))
    }

    /// Whether this is the person's phone number, in any notation.
    pub(super) fn has_phone(self, written: &str) -> bool {
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        self.phone
            .is_some_and(|phone| is_same_number(phone, &digits))
    }

    /// The person's identities: the stable id first, then the phone if both are known.
    pub(super) fn identities(self) -> Option<(Identity, Option<Identity>)> {
        identities(&key(), self.phone, self.bsuid)
    }

    /// The id to send texts to: the digits of the phone number, else the BSUID. 360dialog accepts a
    /// phone number for every kind of message.
    pub(super) fn address(self) -> Option<&'a str> {
        self.phone.or(self.bsuid)
    }
}

/// The profile from a contact: the name that the person chose, else the username.
pub(super) fn profile(contact: Option<&Value>) -> Profile {
    let text = |pointer: &str| contact?.pointer(pointer)?.as_str();
    let named = Profile::from_raw(text("/profile/name"), None, None, None);
    let username = text("/profile/username").map(|name| name.trim_start_matches('@'));
    named.over(&Profile::of_username(username))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog360::fixtures::{bsuid, phone};
    use serde_json::json;

    const PHONE: &str = "972987654321";
    const BSUID: &str = "US.13491208655302741918";

    #[test]
    fn an_author_has_every_id_that_the_message_names() {
        let both = Some((bsuid(), Some(phone())));
        for (message, expected, address) in [
            (
                json!({"from": PHONE, "from_user_id": BSUID}),
                both.clone(),
                Some(PHONE),
            ),
            (
                json!({"from": format!("+{PHONE}"), "from_user_id": BSUID}),
                both,
                Some(PHONE),
            ),
            (json!({"from": PHONE}), Some((phone(), None)), Some(PHONE)),
            (
                json!({"from_user_id": BSUID}),
                Some((bsuid(), None)),
                Some(BSUID),
            ),
            (json!({"from": BSUID}), Some((bsuid(), None)), Some(BSUID)),
            (
                json!({"from": BSUID, "from_user_id": BSUID}),
                Some((bsuid(), None)),
                Some(BSUID),
            ),
            (
                json!({"from": BSUID, "from_user_id": "nonsense"}),
                Some((bsuid(), None)),
                Some(BSUID),
            ),
            (
                json!({"from": PHONE, "from_user_id": "1234"}),
                Some((phone(), None)),
                Some(PHONE),
            ),
            (
                json!({"from": "x", "from_user_id": BSUID}),
                Some((bsuid(), None)),
                Some(BSUID),
            ),
            (json!({"from": "x", "from_user_id": "y"}), None, None),
            (json!({"from": 972_987_654_321_i64}), None, None),
            (json!({"from": null, "from_user_id": null}), None, None),
            (json!({}), None, None),
        ] {
            let author = Person::author(&message);
            assert_eq!(author.identities(), expected, "{message}");
            assert_eq!(author.address(), address, "{message}");
        }
    }

    #[test]
    fn a_contact_is_found_by_its_ids_and_adds_the_missing_one() {
        let contacts = [
            json!({"wa_id": "4915112345678", "user_id": "DE.1", "profile": {"name": "Other"}}),
            json!({"wa_id": PHONE, "user_id": BSUID, "profile": {"name": "Mine"}}),
        ];
        for message in [
            json!({"from": PHONE}),
            json!({"from_user_id": BSUID}),
            json!({"from": BSUID}),
            json!({"from": PHONE, "from_user_id": BSUID}),
        ] {
            let (author, contact) = Person::author(&message).among(&contacts);
            assert_eq!(author.identities(), Some((bsuid(), Some(phone()))));
            assert_eq!(profile(contact).display_name.as_deref(), Some("Mine"));
        }
    }

    #[test]
    fn a_contact_whose_number_is_in_another_notation_is_the_same_person() {
        let message = json!({"from": "5511987654321"});
        let contacts = [json!({"wa_id": "551187654321", "user_id": "BR.1"})];
        let (author, contact) = Person::author(&message).among(&contacts);
        assert!(contact.is_some());
        assert_eq!(author.address(), Some("5511987654321"));
        assert_eq!(author.bsuid, Some("BR.1"));
    }

    #[test]
    fn a_contact_with_the_very_number_comes_before_one_in_another_notation() {
        let message = json!({"from": "5511976543210"});
        let contacts = [
            json!({"wa_id": "551176543210", "user_id": "BR.1"}),
            json!({"wa_id": "5511976543210", "user_id": "BR.2"}),
        ];
        let (author, _) = Person::author(&message).among(&contacts);
        assert_eq!(author.bsuid, Some("BR.2"));
    }

    #[test]
    fn a_contact_that_contradicts_the_message_is_somebody_else() {
        let message = json!({"from": PHONE, "from_user_id": BSUID});
        for contact in [
            json!({"wa_id": PHONE, "user_id": "US.2"}),
            json!({"wa_id": "4915112345678", "user_id": BSUID}),
            json!({"wa_id": "4915112345678"}),
            json!({}),
            json!(null),
            json!("x"),
        ] {
            let contacts = [contact];
            let (author, found) = Person::author(&message).among(&contacts);
            assert_eq!(found, None);
            assert_eq!(author, Person::author(&message));
        }
        let nobody = json!({});
        assert_eq!(Person::author(&nobody).among(&[json!({})]).1, None);
    }

    #[test]
    fn a_user_id_that_is_none_is_dropped_and_the_phone_kept() {
        let contacts = [json!({"wa_id": PHONE, "user_id": "13491208655302741918"})];
        let message = json!({"from": PHONE});
        let (author, contact) = Person::author(&message).among(&contacts);
        assert_eq!(author.identities(), Some((phone(), None)));
        assert!(contact.is_some());
    }

    #[test]
    fn a_name_is_what_the_person_chose_else_their_username() {
        for (contact, expected) in [
            (
                json!({"profile": {"name": "Ada", "username": "ada"}}),
                Some("Ada"),
            ),
            (
                json!({"profile": {"name": " \u{202E}", "username": "@ada"}}),
                Some("ada"),
            ),
            (json!({"profile": {"username": "ada"}}), Some("ada")),
            (json!({"profile": {"name": 7}}), None),
            (json!({"profile": []}), None),
            (json!({}), None),
        ] {
            let name = profile(Some(&contact)).display_name;
            assert_eq!(name.as_deref(), expected, "{contact}");
        }
        assert_eq!(profile(None), Profile::default());
    }
}
