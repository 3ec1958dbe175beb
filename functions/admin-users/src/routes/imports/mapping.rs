//! Contents of columns whose names do not tell them (SPEC U410).

use crate::api_types::ImportFieldName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use vestibule_admin::FieldErrors;
use vestibule_domain::text::clean_name;

/// Most columns of a mapping.
const COLUMNS_MAX: usize = 100;
/// Longest name of a column, in characters.
const NAME_MAX_CHARS: usize = 100;
const FIELD: &str = "mapping";

/// Content of a column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"column": "Nummer", "field": "phone"}))]
pub struct MappedColumn {
    /// Name of the column in the file, whose case, spaces and punctuation do not matter.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 100)]
    column: Option<String>,
    /// Its content; null leaves it out.
    #[schema(value_type = Option<ImportFieldName>)]
    field: Option<String>,
}

/// Reads a mapping.
pub fn read(
    given: Vec<MappedColumn>,
    errors: &mut FieldErrors,
) -> BTreeMap<String, Option<String>> {
    let mut mapping = BTreeMap::new();
    let mut used = BTreeSet::new();
    if given.len() > COLUMNS_MAX {
        errors.add(FIELD, format!("must be at most {COLUMNS_MAX} columns"));
        return mapping;
    }
    for column in given {
        let name = column.column.as_deref().and_then(clean_name);
        let Some(name) = name.filter(|name| name.chars().count() <= NAME_MAX_CHARS) else {
            let rule = format!("must name each column in 1 to {NAME_MAX_CHARS} characters");
            errors.add(FIELD, rule);
            continue;
        };
        let is_known = |field: &str| ImportFieldName::parse(field).is_some();
        if column
            .field
            .as_deref()
            .is_some_and(|field| !is_known(field))
        {
            let known: Vec<_> = ImportFieldName::SPELLINGS
                .iter()
                .map(|spelling| format!("`{spelling}`"))
                .collect();
            errors.add(
                FIELD,
                format!("must map to one of {} or null", known.join(", ")),
            );
            continue;
        }
        let is_field_new = column.field.clone().is_none_or(|field| used.insert(field));
        if !is_field_new || mapping.insert(name, column.field).is_some() {
            errors.add(FIELD, "must name each column and each field once");
        }
    }
    mapping
}

/// A mapping as it is shown.
pub fn shown(mapping: &BTreeMap<String, Option<String>>) -> Vec<MappedColumn> {
    let columns = mapping.iter();
    columns
        .map(|(name, field)| MappedColumn {
            column: Some(name.clone()),
            field: field.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, field: Option<&str>) -> MappedColumn {
        MappedColumn {
            column: Some(name.to_owned()),
            field: field.map(str::to_owned),
        }
    }

    /// SPEC U410.
    #[test]
    fn a_mapping_names_columns_and_fields_once_and_is_shown_as_it_was_given() {
        let given = vec![column("Notes", None), column("Nummer", Some("phone"))];
        let mut errors = FieldErrors::default();
        let mapping = read(given.clone(), &mut errors);
        assert!(errors.is_empty());
        assert_eq!(shown(&mapping), given);
        for wrong in [
            vec![column(" ", None)],
            vec![MappedColumn::default()],
            vec![column("a", Some("name"))],
            vec![column("a", None), column("a", Some("phone"))],
            vec![column("a", Some("phone")), column("b", Some("phone"))],
            vec![column(&"x".repeat(101), None)],
            (0..=100).map(|i| column(&i.to_string(), None)).collect(),
        ] {
            let mut errors = FieldErrors::default();
            read(wrong, &mut errors);
            assert!(errors.names("mapping"));
        }
    }
}
