//! The card of a contact, as far as it says more than the contact (RFC 6350).

use std::mem;

/// The content of a card.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) organization: Option<String>,
    pub(super) phones: Vec<String>,
    pub(super) emails: Vec<String>,
}

/// Reads a card line by line. What is not understood is left out.
pub(super) fn read(card: &str) -> Card {
    let mut read = Card::default();
    // A line that begins with white space continues the one before (RFC 6350 §3.2).
    let unfolded = card
        .replace("\r\n", "\n")
        .replace("\n ", "")
        .replace("\n\t", "");
    for line in unfolded.lines() {
        let Some((head, value)) = line.split_once(':') else {
            continue;
        };
        let name = head.split(';').next().unwrap_or_default();
        // `item1.EMAIL` belongs to a group of lines.
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
        let mut values = components(value);
        match name.to_ascii_uppercase().as_str() {
            "ORG" if read.organization.is_none() => {
                values.retain(|value| !value.is_empty());
                read.organization = Some(values.join(", "));
            }
            "TEL" => {
                // Version 4 writes an address, `tel:+1-555-0100`.
                let phone = value.strip_prefix("tel:").unwrap_or(value);
                read.phones.extend(components(phone).into_iter().next());
            }
            "EMAIL" => read.emails.extend(values.into_iter().next()),
            _ => {}
        }
    }
    read
}

/// Splits a value at the semicolons that are not escaped, and undoes the escapes (RFC 6350 §3.4).
fn components(value: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut one = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => all.push(mem::take(&mut one)),
            '\\' => match chars.next() {
                Some('n' | 'N') => one.push(' '),
                Some(escaped) => one.push(escaped),
                None => {}
            },
            c => one.push(c),
        }
    }
    all.push(one);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read_whatever_its_version_and_folding() {
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace;Ada;;;\r\nitem1.ORG:Engines\\, Ltd.;Rese\r\n arch;\r\n\
                    ORG:Other\r\nTEL;TYPE=CELL:+1 555 0100\nTEL;VALUE=uri;TYPE=work:tel:+1-555-0101;ext=5\n\
                    item2.email;type=INTERNET:ada@example.com\r\nNOTE:a:b\nno colon\nEND:VCARD";
        let expected = Card {
            organization: Some("Engines, Ltd., Research".into()),
            phones: vec!["+1 555 0100".into(), "+1-555-0101".into()],
            emails: vec!["ada@example.com".into()],
        };
        assert_eq!(read(card), expected);
        assert_eq!(read(""), Card::default());
        assert_eq!(read("ORG").organization, None);
    }
}
