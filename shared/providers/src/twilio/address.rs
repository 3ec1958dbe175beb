//! Phone numbers and `WhatsApp` ids as Twilio writes them (PROVIDERS §5.1).

use super::key;
use crate::whatsapp;
use vestibule_domain::chat::message::Identity;

/// Prefix of every `WhatsApp` address.
const WHATSAPP_PREFIX: &str = "whatsapp:";
/// Longest number that belongs to a service rather than a subscriber, in digits.
const SHORT_CODE_MAX_DIGITS: usize = 6;

/// The channel through which Twilio reaches a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Sms,
    WhatsApp,
}

impl Channel {
    /// The channel of the conversations (SPEC M02).
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::WhatsApp => "whatsapp",
        }
    }

    /// Formats a phone number as an address of this channel.
    pub(super) fn address_of(self, phone: &str) -> String {
        match self {
            Self::Sms => phone.to_owned(),
            Self::WhatsApp => format!("{WHATSAPP_PREFIX}{phone}"),
        }
    }
}

/// A person's address at Twilio: a phone number with its `+`, or, on `WhatsApp`, a business-scoped
/// user id if the number is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) channel: Channel,
    pub(super) phone: Option<&'a str>,
    pub(super) bsuid: Option<&'a str>,
}

/// The reason why an address does not belong to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPerson {
    /// A service that sends from a short number.
    ShortCode,
    /// A service that sends under a name.
    SenderName,
    /// Not an address at all.
    Malformed,
}

impl<'a> Address<'a> {
    /// Parses an address.
    pub(super) fn read(text: &'a str) -> Result<Self, NoPerson> {
        match text.strip_prefix(WHATSAPP_PREFIX) {
            None => sms(text),
            Some(id) if whatsapp::is_bsuid(id) => Ok(Self {
                channel: Channel::WhatsApp,
                phone: None,
                bsuid: Some(id),
            }),
            Some(id) => Ok(Self {
                channel: Channel::WhatsApp,
                phone: Some(whatsapp::phone_digits(id).ok_or(NoPerson::Malformed)?),
                bsuid: None,
            }),
        }
    }

    /// Formats the address as Twilio expects it.
    pub(super) fn written(&self) -> String {
        match (self.phone, self.bsuid) {
            (Some(digits), _) => self.channel.address_of(&format!("+{digits}")),
            (None, bsuid) => self.channel.address_of(bsuid.unwrap_or("")),
        }
    }

    /// Whether it is this phone number, in any notation and on any channel.
    pub(super) fn is_phone(&self, number: &str) -> bool {
        let own = whatsapp::phone_digits(number);
        self.phone
            .zip(own)
            .is_some_and(|(phone, own)| whatsapp::is_same_number(phone, own))
    }

    /// The person's identities, the stable id first. `external` is `ExternalUserId`, which carries
    /// the `WhatsApp` id beside the number.
    pub(super) fn identities(
        &self,
        external: Option<&str>,
    ) -> Option<(Identity, Option<Identity>)> {
        let bsuid = self.bsuid.or_else(|| match self.channel {
            Channel::WhatsApp => external.map(without_channel),
            Channel::Sms => None,
        });
        whatsapp::identities(&key(), self.phone, bsuid)
    }
}

/// Strips the channel from an address, as in the connector's settings.
fn without_channel(address: &str) -> &str {
    address.strip_prefix(WHATSAPP_PREFIX).unwrap_or(address)
}

/// Whether an address is this number of ours, in any notation and on any channel.
pub(super) fn is_ours(address: &str, number: &str) -> bool {
    let own = without_channel(address);
    own == number
        || own.starts_with('+')
            && Address::read(address).is_ok_and(|address| address.is_phone(number))
}

/// The channel of an address, if it is one that we do not serve (`rcs:`, `messenger:`, an e-mail
/// address and so on).
pub(super) fn other_channel(address: &str) -> Option<&str> {
    match address.split_once(':') {
        Some((channel, _)) => {
            let is_channel = !channel.is_empty()
                && channel
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (is_channel && channel != Channel::WhatsApp.key()).then_some(channel)
        }
        None => address.contains('@').then_some("email"),
    }
}

/// People's numbers start with `+`. Short codes do not, and neither do the longer numbers of a few
/// services.
fn sms(text: &str) -> Result<Address<'_>, NoPerson> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if numeric && digits.len() <= SHORT_CODE_MAX_DIGITS {
        return Err(NoPerson::ShortCode);
    }
    if !text.starts_with('+') {
        return Err(if is_sender_name(text) {
            NoPerson::SenderName
        } else {
            NoPerson::Malformed
        });
    }
    Ok(Address {
        channel: Channel::Sms,
        phone: Some(whatsapp::phone_digits(text).ok_or(NoPerson::Malformed)?),
        bsuid: None,
    })
}

/// Accepts up to eleven letters, digits and spaces, and the punctuation that carriers let through.
fn is_sender_name(text: &str) -> bool {
    (1..=20).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_' | b'&' | b'.'))
        && text.trim() == text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn channel_and_text(text: &str) -> Result<(Channel, String), NoPerson> {
        Address::read(text).map(|address| (address.channel, address.written()))
    }

    #[test]
    fn a_person_is_addressed_as_they_wrote() {
        for (text, channel) in [
            ("+14133881111", Channel::Sms),
            ("whatsapp:+14133881111", Channel::WhatsApp),
            ("whatsapp:AR.1A2B3C4D5E", Channel::WhatsApp),
            ("whatsapp:US.ENT.11815799212886844830", Channel::WhatsApp),
        ] {
            assert_eq!(channel_and_text(text), Ok((channel, text.to_owned())));
        }
        let without_plus = channel_and_text("whatsapp:14133881111");
        assert_eq!(
            without_plus,
            Ok((Channel::WhatsApp, "whatsapp:+14133881111".to_owned()))
        );
    }

    #[test]
    fn services_are_no_persons() {
        for (text, expected) in [
            ("12345", NoPerson::ShortCode),
            ("226787", NoPerson::ShortCode),
            ("+88811", NoPerson::ShortCode),
            ("MyBank", NoPerson::SenderName),
            ("CO-OP Bank", NoPerson::SenderName),
            ("14133881111", NoPerson::SenderName),
            ("", NoPerson::Malformed),
            ("+", NoPerson::Malformed),
            (" 14133881111", NoPerson::Malformed),
            ("+1413388111x", NoPerson::Malformed),
            ("+01413388111", NoPerson::Malformed),
            ("AR.1A2B3C4D5E6F7G8H9I0J", NoPerson::Malformed),
            ("whatsapp:", NoPerson::Malformed),
            ("whatsapp:12345", NoPerson::Malformed),
            ("whatsapp:MyBank", NoPerson::Malformed),
            ("whatsapp:whatsapp:+14133881111", NoPerson::Malformed),
            ("messenger:1234567", NoPerson::Malformed),
        ] {
            assert_eq!(Address::read(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn our_number_is_ours_in_every_notation_of_its_country_and_on_both_channels() {
        for address in [
            "+5511987654321",
            "+551187654321",
            "whatsapp:+5511987654321",
            "whatsapp:+551187654321",
        ] {
            assert!(is_ours(address, "+551187654321"), "{address}");
            assert!(is_ours(address, "+5511987654321"), "{address}");
        }
        for address in [
            "551187654321",
            "whatsapp:551187654321",
            "rcs:+551187654321",
            "whatsapp:whatsapp:+551187654321",
            "+551112345679",
            "",
        ] {
            assert!(!is_ours(address, "+551187654321"), "{address}");
        }
    }

    #[test]
    fn a_channel_that_we_do_not_serve_is_known_by_its_address() {
        for (address, channel) in [
            ("rcs:+14133881111", Some("rcs")),
            ("rcs:acme_agent", Some("rcs")),
            ("messenger:1234567", Some("messenger")),
            ("instagram:1234567", Some("instagram")),
            ("viber:abc", Some("viber")),
            ("ada@example.com", Some("email")),
            ("email:ada@example.com", Some("email")),
            ("+14133881111", None),
            ("whatsapp:+14133881111", None),
            ("whatsapp:US.1a2B", None),
            ("MyBank", None),
            (": +1", None),
            ("", None),
        ] {
            assert_eq!(other_channel(address), channel, "{address}");
        }
    }

    #[test]
    fn one_number_is_one_person_on_both_channels_and_a_whatsapp_id_comes_first() {
        let sms = Address::read("+14133881111").unwrap();
        let whatsapp = Address::read("whatsapp:+14133881111").unwrap();
        let (person, none) = sms.identities(None).unwrap();
        assert_eq!((person.platform_scope.as_str(), none), ("phone", None));
        assert_eq!(person.identifier, "+14133881111");
        assert_eq!(whatsapp.identities(None).unwrap().0, person);

        let both = whatsapp.identities(Some("whatsapp:AR.1A2B")).unwrap();
        assert_eq!(both.0.identifier, "AR.1A2B");
        assert_eq!(both.1, Some(person.clone()));
        let hidden = Address::read("whatsapp:AR.1A2B").unwrap();
        let alone = hidden.identities(Some("whatsapp:AR.1A2B")).unwrap();
        assert_eq!(alone, (both.0, None));
        // An SMS proves nothing about `WhatsApp` ids.
        let sms = sms.identities(Some("whatsapp:AR.1A2B")).unwrap();
        assert_eq!(sms, (person, None));
    }

    proptest! {
        #[test]
        fn what_can_be_read_can_be_read_back(text in "(whatsapp:)?[+A-Z0-9.]{0,20}") {
            if let Ok(address) = Address::read(&text) {
                let written = address.written();
                prop_assert_eq!(Address::read(&written), Ok(address));
                prop_assert!(address.identities(None).is_some());
            }
        }
    }
}
