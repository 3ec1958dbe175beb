//! Variants of a message by language (SPEC A52).

use super::read_message;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_admin::{FieldErrors, Nullable, validation};
use vestibule_domain::language::{Language, TextVariants};
use vestibule_providers::catalogue::ConnectorKind;

/// Maximum number of languages in one body: as many to remove as to add.
const GIVEN_MAX: usize = 2 * TextVariants::MAX;

/// Variants as a body has them: a text or null by language tag.
pub(super) type GivenVariants = BTreeMap<String, Option<String>>;

/// Changes of variants: the new text of each language, or `None` to remove it.
pub(super) type Changes = Vec<(Language, Option<String>)>;

/// Reads the variants in `field`, each under the rules of the default text: a blank one is none.
pub(super) fn read_changes(
    field: &str,
    given: GivenVariants,
    kind: Option<&dyn ConnectorKind>,
    errors: &mut FieldErrors,
) -> Changes {
    if given.len() > GIVEN_MAX {
        errors.add(field, format!("must name at most {GIVEN_MAX} languages"));
        return Changes::new();
    }
    let mut seen = BTreeSet::new();
    let mut changes = Changes::new();
    for (tag, text) in given {
        let name = format!("{field}.{tag}");
        let Some(language) = Language::parse(&tag) else {
            errors.add(name, "must be named by a language tag, such as de or pt-BR");
            continue;
        };
        if !seen.insert(language.clone()) {
            errors.add(name, format!("is a second text for {language}"));
            continue;
        }
        let text = text.and_then(|text| match kind {
            Some(kind) => read_message(&name, Some(&text), kind, errors),
            None => validation::clean_text(&text),
        });
        changes.push((language, text));
    }
    changes
}

/// Makes the changes; null removes all variants.
pub(super) fn apply(changes: &Nullable<Changes>, variants: &mut TextVariants) {
    match changes {
        Nullable::Absent => {}
        Nullable::Null => *variants = TextVariants::default(),
        Nullable::Value(changes) => {
            for (language, text) in changes {
                variants.set(language.clone(), text.clone());
            }
        }
    }
}

/// Checks that the variants in `field` are few and short enough.
pub(super) fn check(field: &str, variants: &TextVariants, errors: &mut FieldErrors) {
    if let Err(rule) = variants.check()
        && !errors.names(field)
    {
        errors.add(field, rule.to_string());
    }
}

/// The variants as an answer shows them.
pub(super) fn shown(variants: &TextVariants) -> BTreeMap<String, String> {
    variants
        .entries()
        .map(|(language, text)| (language.tag().to_owned(), text.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vestibule_domain::connector::Provider;
    use vestibule_providers::catalogue::connector_kind;

    const FIELD: &str = "onboarding_messages";

    fn slack() -> &'static dyn ConnectorKind {
        connector_kind(&Provider::new("slack")).unwrap()
    }

    fn read(given: Value) -> (TextVariants, Vec<(String, String)>) {
        let mut errors = FieldErrors::default();
        let given = serde_json::from_value(given).unwrap();
        let changes = read_changes(FIELD, given, Some(slack()), &mut errors);
        let mut variants = TextVariants::default();
        apply(&Nullable::Value(changes), &mut variants);
        check(FIELD, &variants, &mut errors);
        let errors = errors.into_validation();
        let errors = errors.errors().iter();
        let told = errors.map(|error| (error.field.clone(), error.rule.clone()));
        (variants, told.collect())
    }

    fn error(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    #[test]
    fn tags_get_one_spelling_and_blank_texts_are_none() {
        let (variants, errors) = read(json!({
            "DE": " Bitte warten.\r\n ", "pt_br": "Aguarde", "fr": " \u{202E} ", "it": null,
        }));
        assert_eq!(errors, []);
        let expected = [("de", "Bitte warten."), ("pt-BR", "Aguarde")];
        let expected = expected.map(|(tag, text)| (tag.to_owned(), text.to_owned()));
        assert_eq!(shown(&variants), BTreeMap::from(expected));
    }

    #[test]
    fn every_error_names_its_language_and_the_rule() {
        let most = slack().message_max_chars();
        let (_, errors) = read(json!({
            "german": "x", "": "x", "pt-BR": "x", "pt_BR": "y", "de": "x".repeat(most + 1),
        }));
        let tag = "must be named by a language tag, such as de or pt-BR";
        let long = format!("must be at most {most} characters, the limit of Slack");
        assert_eq!(
            errors,
            [
                error("onboarding_messages.", tag),
                error("onboarding_messages.de", &long),
                error("onboarding_messages.german", tag),
                error("onboarding_messages.pt_BR", "is a second text for pt-BR"),
            ]
        );
    }

    #[test]
    fn variants_are_limited_in_number_and_in_all() {
        let of = |count: u8, text: &str| -> Value {
            let tags = (0..count).map(|at| {
                let letter = |at: u8| char::from(b'a' + at);
                format!("{}{}", letter(at / 26), letter(at % 26))
            });
            tags.map(|tag| (tag, json!(text))).collect()
        };
        let rule = |given: Value| read(given).1;
        assert_eq!(rule(of(20, "x")), []);
        assert_eq!(
            rule(of(21, "x")),
            [error(FIELD, "must have at most 20 languages")]
        );
        assert_eq!(
            rule(of(41, "x")),
            [error(FIELD, "must name at most 40 languages")]
        );
        let long = "é".repeat(2000);
        assert_eq!(rule(of(4, &long)), []);
        assert_eq!(
            rule(of(5, &long)),
            [error(
                FIELD,
                "must have at most 16384 bytes in all languages together"
            )]
        );
    }

    #[test]
    fn a_change_merges_and_null_removes_one_or_all() {
        let (before, _) = read(json!({"de": "Warten", "fr": "Attendez"}));
        for (change, after) in [
            (
                json!({"de": "Moment"}),
                json!({"de": "Moment", "fr": "Attendez"}),
            ),
            (
                json!({"DE": null, "it": "Attenda"}),
                json!({"fr": "Attendez", "it": "Attenda"}),
            ),
            (json!({"de": " "}), json!({"fr": "Attendez"})),
            (json!({}), json!({"de": "Warten", "fr": "Attendez"})),
            (json!(null), json!({})),
        ] {
            let given: Nullable<GivenVariants> = serde_json::from_value(change.clone()).unwrap();
            let changes = match given {
                Nullable::Value(given) => {
                    let mut errors = FieldErrors::default();
                    Nullable::Value(read_changes(FIELD, given, Some(slack()), &mut errors))
                }
                Nullable::Null => Nullable::Null,
                Nullable::Absent => Nullable::Absent,
            };
            let mut variants = before.clone();
            apply(&changes, &mut variants);
            assert_eq!(json!(shown(&variants)), after, "{change}");
        }
        let mut variants = before.clone();
        apply(&Nullable::Absent, &mut variants);
        assert_eq!(variants, before);
    }

    #[test]
    fn without_a_known_provider_texts_are_cleaned_all_the_same() {
        let given = GivenVariants::from([("de".to_owned(), Some(" Warten ".to_owned()))]);
        let changes = read_changes(FIELD, given, None, &mut FieldErrors::default());
        let texts: Vec<_> = changes.into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, [Some("Warten".to_owned())]);
    }
}
