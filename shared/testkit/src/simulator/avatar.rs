//! Avatars: the person's initials on a colour of their own.

use super::people::Person;
use crate::crypto::sha256;

/// An SVG picture of this person.
pub(super) fn svg(person: &Person) -> String {
    let digest = sha256(&[person.id.as_bytes()]);
    let hue = u32::from(digest.first().copied().unwrap_or_default()) * 360 / 256;
    let initials: String = [&person.first_name, &person.last_name]
        .into_iter()
        .filter_map(|name| name.chars().find(|letter| letter.is_alphanumeric()))
        .flat_map(char::to_uppercase)
        .collect();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96" role="img"><defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="hsl({hue} 62% 46%)"/><stop offset="1" stop-color="hsl({} 58% 34%)"/></linearGradient></defs><rect width="96" height="96" rx="22" fill="url(#g)"/><text x="48" y="50" fill="#fff" font-family="system-ui, sans-serif" font-size="38" font-weight="600" text-anchor="middle" dominant-baseline="central">{initials}</text></svg>"##,
        (hue + 40) % 360
    )
}
