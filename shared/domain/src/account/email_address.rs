//! E-mail addresses of logins, members and mails.

use crate::digest::sha256_hex;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Host;

/// Longest address, in characters (RFC 5321 §4.5.3.1.3, without the angle brackets).
const ADDRESS_MAX: usize = 254;
/// Longest local part (RFC 5321 §4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// Longest label of a domain (RFC 1035 §2.3.4).
const LABEL_MAX: usize = 63;

/// The error for a text that is not an e-mail address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ana@example.com")]
pub struct InvalidEmail;

/// An e-mail address in the one spelling in which addresses are compared: lower case, and its domain in
/// ASCII (SPEC D16).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an address. White space around it and the case of its letters do not count.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        // Longer ones are not worth parsing; a domain can only become longer in ASCII.
        if text.len() > ADDRESS_MAX * 4 {
            return Err(InvalidEmail);
        }
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let domain = ascii_domain(domain).ok_or(InvalidEmail)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if is_local_part(local) && address.len() <= ADDRESS_MAX {
            Ok(Self(address))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the address, in lower-case hex, by which rows of the address are found.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(&self.0)
    }

    /// The address for those who hold a link to it and may not know it: `a…@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.parts();
        let first: String = local.chars().take(1).collect();
        format!("{first}…@{domain}")
    }

    /// The local part and the domain.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or((&self.0, ""))
    }
}

/// Whether a text is a local part without quotes (`Dot-string` in RFC 5321 §4.1.2).
fn is_local_part(local: &str) -> bool {
    let is_atext = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c);
    local.len() <= LOCAL_MAX
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// The domain in ASCII (UTS 46); `None` unless it is a name of several labels.
fn ascii_domain(domain: &str) -> Option<String> {
    // A host of an address in the web may be percent-encoded; one of a mailbox may not.
    if domain.contains('%') {
        return None;
    }
    let Host::Domain(domain) = Host::parse(domain).ok()? else {
        return None;
    };
    let is_label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = domain.contains('.') && domain.split('.').all(is_label);
    is_name.then_some(domain)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Option<String> {
        EmailAddress::parse(text).ok().map(String::from)
    }

    /// SPEC D16: compared trimmed and in lower case.
    #[test]
    fn an_address_has_one_spelling() {
        for (text, address) in [
            (" Ana@Example.COM\n", "ana@example.com"),
            ("o'neil+box@a-b.example", "o'neil+box@a-b.example"),
            ("ana@münchen.example", "ana@xn--mnchen-3ya.example"),
            ("ana@MÜNCHEN.example", "ana@xn--mnchen-3ya.example"),
            ("a.b.c@sub.example.co", "a.b.c@sub.example.co"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(address), "{text}");
        }
    }

    #[test]
    fn a_text_that_no_mail_can_be_sent_to_is_no_address() {
        let long = |local: usize| format!("{}@example.com", "a".repeat(local));
        assert!(parsed(&long(64)).is_some());
        let long_domain = format!("a@{}.com", vec!["b".repeat(60); 5].join("."));
        for wrong in [
            "",
            "@",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "ana@example.com.",
            "ana@.example.com",
            "ana@example..com",
            "ana@-a.example",
            "ana@a_b.example",
            "ana@1.2.3.4",
            "ana@[1.2.3.4]",
            "ana@[::1]",
            "ana@ex%61mple.com",
            "ana@b@example.com",
            ".ana@example.com",
            "ana.@example.com",
            "an..a@example.com",
            "\"ana\"@example.com",
            "a na@example.com",
            "änä@example.com",
            "ana@example.com\r\nBcc: b@example.com",
            "Ana <ana@example.com>",
            &long(65),
            &long_domain,
            &"a".repeat(5000),
        ] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
        assert_eq!(
            InvalidEmail.to_string(),
            "must be an e-mail address such as ana@example.com"
        );
    }

    #[test]
    fn a_masked_address_shows_its_first_character_and_its_domain() {
        let address = EmailAddress::parse("ana@example.com").unwrap();
        assert_eq!(address.masked(), "a…@example.com");
        assert_eq!(address.parts(), ("ana", "example.com"));
        assert_eq!(address.to_string(), address.as_str());
    }

    #[test]
    fn an_address_is_stored_as_text_and_found_by_its_hash() {
        let address = EmailAddress::parse("ana@example.com").unwrap();
        let stored = serde_json::to_value(&address).unwrap();
        assert_eq!(stored, "ana@example.com");
        assert_eq!(
            serde_json::from_value::<EmailAddress>(stored).unwrap(),
            address
        );
        assert!(serde_json::from_value::<EmailAddress>("ana".into()).is_err());
        assert_eq!(address.hash(), sha256_hex("ana@example.com"));
    }

    proptest! {
        #[test]
        fn an_address_that_was_read_is_read_as_itself(text in any::<String>(), domain in "[a-zé.]{1,12}") {
            for text in [text.clone(), format!("{text}@{domain}"), format!("ana@{domain}")] {
                if let Ok(address) = EmailAddress::parse(&text) {
                    prop_assert!(address.as_str().len() <= ADDRESS_MAX);
                    prop_assert!(address.as_str().bytes().all(|c| c.is_ascii_graphic()));
                    prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address.clone()));
                }
            }
        }
    }
}
