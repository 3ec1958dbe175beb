//! Values of the fields that an admin leaves out, as the catalogue defines them.

use super::Section;
use data_encoding::BASE64URL_NOPAD;
use ring::rand::SecureRandom;
use std::collections::BTreeMap;
use vestibule_admin::{FieldErrors, auth::random_bytes};
use vestibule_domain::{PortError, secret::Secret};
use vestibule_providers::catalogue::{ConnectorKind, Fill, ValidFields};

/// Draws a secret: 32 random bytes in base64url without padding.
pub(super) fn random_secret(random: &dyn SecureRandom) -> Result<Secret, PortError> {
    let bytes: [u8; 32] = random_bytes(random)?;
    Ok(Secret::new(BASE64URL_NOPAD.encode(&bytes)))
}

/// Fills in the fields left out of a new connector with this webhook address.
pub(super) fn fill_in(
    kind: &dyn ConnectorKind,
    fields: &mut ValidFields,
    webhook_url: Option<String>,
    random: &dyn SecureRandom,
) -> Result<(), PortError> {
    for spec in kind.fields() {
        if spec.fill == Fill::RandomSecret && !fields.secrets.contains_key(spec.name) {
            let secret = random_secret(random)?;
            fields.secrets.insert(spec.name.to_owned(), secret);
        }
    }
    refill(kind, &mut fields.settings, webhook_url);
    Ok(())
}

/// Fills in the webhook address where it was left out or removed.
pub(super) fn refill(
    kind: &dyn ConnectorKind,
    settings: &mut BTreeMap<String, String>,
    webhook_url: Option<String>,
) {
    let Some(url) = webhook_url else { return };
    for spec in kind.fields() {
        if spec.fill == Fill::WebhookUrl {
            settings
                .entry(spec.name.to_owned())
                .or_insert_with(|| url.clone());
        }
    }
}

/// The webhook address set in the connector itself.
pub(super) fn given_webhook_url(
    kind: &dyn ConnectorKind,
    settings: &BTreeMap<String, String>,
) -> Option<String> {
    let spec = kind
        .fields()
        .iter()
        .find(|spec| spec.fill == Fill::WebhookUrl)?;
    settings.get(spec.name).cloned()
}

/// Refuses the removal of a secret that we draw; it can only be replaced. Without it every message
/// would be refused.
pub(super) fn keep_filled(
    kind: &dyn ConnectorKind,
    section: Section,
    errors: &mut FieldErrors,
) -> Section {
    for spec in kind.fields() {
        if spec.fill == Fill::RandomSecret && section.cleared.contains(spec.name) {
            errors.add(
                format!("{}.{}", kind.provider(), spec.name),
                "cannot be removed; leave it out to keep it, or replace it with rotate-webhook-secret",
            );
        }
    }
    section
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::Pigeon, *};
    use ring::rand::SystemRandom;

    const URL: &str = "https://api.example.test/webhooks/pigeon/1";

    fn filled(fields: &ValidFields, url: Option<&str>) -> ValidFields {
        let mut fields = fields.clone();
        let url = url.map(str::to_owned);
        fill_in(&Pigeon, &mut fields, url, &SystemRandom::new()).unwrap();
        fields
    }

    #[test]
    fn a_secret_that_is_left_out_is_drawn_and_never_the_same() {
        let first = filled(&ValidFields::default(), Some(URL));
        let second = filled(&ValidFields::default(), Some(URL));
        let secret = first.secrets["ring"].reveal();
        assert_eq!(BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap().len(), 32);
        assert_ne!(secret, second.secrets["ring"].reveal());
        assert_eq!(first.secrets.len(), 1);
    }

    #[test]
    fn the_address_that_is_left_out_is_ours_where_it_is_known() {
        let fields = filled(&ValidFields::default(), Some(URL));
        assert_eq!(fields.settings["loft"], URL);
        let fields = filled(&ValidFields::default(), None);
        assert!(fields.settings.is_empty());
    }

    #[test]
    fn what_is_given_stays() {
        let given = ValidFields {
            settings: BTreeMap::from([("loft".to_owned(), "https://proxy.test/p".to_owned())]),
            secrets: BTreeMap::from([("ring".to_owned(), Secret::new("our-own-secret"))]),
        };
        assert_eq!(filled(&given, Some(URL)), given);
        let url = given_webhook_url(&Pigeon, &given.settings);
        assert_eq!(url.as_deref(), Some("https://proxy.test/p"));
    }

    #[test]
    fn a_secret_that_we_draw_cannot_be_taken_away() {
        let section = Section {
            cleared: ["ring".to_owned(), "loft".to_owned()].into(),
            ..Section::default()
        };
        let mut errors = FieldErrors::default();
        keep_filled(&Pigeon, section, &mut errors);
        assert!(errors.names("pigeon.ring"));
        assert!(!errors.names("pigeon.loft"));
    }
}
