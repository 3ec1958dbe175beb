//! Searches in lists: the parameter `q`, and the places of its words in what is shown.

use crate::{FieldErrors, wire_enum};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_domain::search::{SearchField, SearchText};
use vestibule_search::{Field, Terms, find};

/// Longest query, in characters.
pub const QUERY_MAX_CHARS: usize = 200;

/// Reads a query; a blank one is `None`.
pub fn query(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let query = given?.trim();
    if query.chars().count() > QUERY_MAX_CHARS {
        errors.add(
            field,
            format!("must be at most {QUERY_MAX_CHARS} characters"),
        );
        return None;
    }
    (!query.is_empty()).then(|| query.to_owned())
}

/// Place in a field at which a word of the search occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"field": "first_name", "start": 0, "end": 3}))]
pub struct MatchResponse {
    /// Name of the field.
    field: MatchField,
    /// First UTF-16 unit of the place in the field as it is shown.
    start: usize,
    /// UTF-16 unit behind the last one.
    end: usize,
}

wire_enum! {
    /// Field that is searched.
    MatchField = SearchField {
        /// First name.
        FirstName = "first_name",
        /// Middle name.
        MiddleName = "middle_name",
        /// Last name.
        LastName = "last_name",
        /// All names together.
        FullName = "full_name",
        /// Name to show.
        DisplayName = "display_name",
        /// Name to show of the person who asks for access.
        UserName = "user_name",
        /// E-mail address.
        Email = "email",
        /// Phone number, as it is shown.
        Phone = "phone",
        /// Platform's own id of the person.
        Identifier = "identifier",
        /// Second id of the person.
        OtherIdentifier = "other_identifier",
    }
}

/// The places of a query's words in the texts of a record, as they are shown; none without a query.
#[must_use]
pub fn matches(texts: &[SearchText], query: Option<&str>) -> Vec<MatchResponse> {
    let Some(terms) = query.and_then(Terms::parse) else {
        return Vec::new();
    };
    let fields: Vec<Field<'_, SearchField>> = texts
        .iter()
        .map(|text| Field::new(text.field, &text.text, text.is_phone))
        .collect();
    let found = find(&fields, &terms).unwrap_or_default().into_iter();
    found
        .map(|place| MatchResponse {
            field: place.field.into(),
            start: place.start,
            end: place.end,
        })
        .collect()
}

/// Like [`matches`], for a record that shows these fields alone.
#[must_use]
pub fn matches_in(
    fields: &[SearchField],
    texts: &[SearchText],
    query: Option<&str>,
) -> Vec<MatchResponse> {
    let mut all = matches(texts, query);
    all.retain(|place| fields.contains(&place.field.into()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_has_at_most_200_characters_and_a_blank_one_is_none() {
        let mut errors = FieldErrors::default();
        assert_eq!(query("q", None, &mut errors), None);
        assert_eq!(query("q", Some("  "), &mut errors), None);
        assert_eq!(
            query("q", Some(" Ada "), &mut errors).as_deref(),
            Some("Ada")
        );
        let longest = "é".repeat(QUERY_MAX_CHARS);
        assert!(query("q", Some(&longest), &mut errors).is_some());
        assert!(errors.is_empty());
        assert_eq!(query("q", Some(&format!("{longest}x")), &mut errors), None);
        assert!(errors.names("q"));
    }

    /// SPEC C29.
    #[test]
    fn matches_name_the_field_and_count_in_utf_16() {
        let texts = [SearchText {
            field: SearchField::FullName,
            text: "𝐀 Zoë".into(),
            is_phone: false,
        }];
        let places = serde_json::to_value(matches(&texts, Some("oe"))).unwrap();
        assert_eq!(
            places,
            json!([{"field": "full_name", "start": 4, "end": 6}])
        );
        assert!(matches(&texts, None).is_empty());
        assert!(matches(&texts, Some("nobody")).is_empty());
    }

    #[test]
    fn a_word_in_a_field_that_is_not_shown_makes_a_hit_and_no_match() {
        let text = |field, text: &str| SearchText {
            field,
            text: text.into(),
            is_phone: false,
        };
        let texts = [
            text(SearchField::UserName, "Ada"),
            text(SearchField::LastName, "Lovelace"),
        ];
        let shown = matches_in(&[SearchField::UserName], &texts, Some("love ad"));
        let places = serde_json::to_value(shown).unwrap();
        assert_eq!(
            places,
            json!([{"field": "user_name", "start": 0, "end": 2}])
        );
        assert_eq!(matches(&texts, Some("love ad")).len(), 2);
    }
}
