//! The keys of the search index.

use super::{
    Key, chat_user_rows::chat_user_pk, directory_rows::end_user_pk, parse_project, project_pk,
};
use vestibule_domain::{
    ProjectScope,
    search::{SearchKind, SearchTarget},
};

/// Stands between suffix and id. No suffix holds it.
const SEPARATOR: char = '\u{1f}';
/// The order to bring the index in line with a record. It lies beside the record, so that it is in reach of everybody
/// who may change the record: roles are limited by partition.
const INDEX: &str = "INDEX";

const fn letter(kind: SearchKind) -> char {
    match kind {
        SearchKind::EndUsers => 'u',
        SearchKind::ChatUsers => 'c',
    }
}

/// The partition of the suffixes that begin with this character. The character stands there by its number, because it
/// comes from people's names and may be any.
#[must_use]
pub fn suffixes(scope: ProjectScope, kind: SearchKind, first: char) -> String {
    let number = u32::from(first);
    format!("{}#SEARCH#{}#{number}", project_pk(scope), letter(kind))
}

/// A suffix of a record's texts, which is not empty.
#[must_use]
pub fn suffix(scope: ProjectScope, target: SearchTarget, suffix: &str) -> Key {
    let first = suffix.chars().next().unwrap_or(SEPARATOR);
    let id = id_of(target);
    Key::new(
        suffixes(scope, target.kind(), first),
        format!("{suffix}{SEPARATOR}{id}"),
    )
}

/// Parses the sort key of a suffix.
#[must_use]
pub fn parse_suffix(kind: SearchKind, sk: &str) -> Option<(&str, SearchTarget)> {
    let (suffix, id) = sk.rsplit_once(SEPARATOR)?;
    let target = match kind {
        SearchKind::EndUsers => SearchTarget::EndUser(id.parse().ok()?),
        SearchKind::ChatUsers => SearchTarget::ChatUser(id.parse().ok()?),
    };
    Some((suffix, target))
}

/// The texts under which a record is in the index.
#[must_use]
pub fn indexed(scope: ProjectScope, target: SearchTarget) -> Key {
    let (letter, id) = (letter(target.kind()), id_of(target));
    Key::new(
        format!("{}#INDEXED#{letter}#{id}", project_pk(scope)),
        "INDEXED",
    )
}

/// The order to bring the index in line with a record.
#[must_use]
pub fn index_order(scope: ProjectScope, target: SearchTarget) -> Key {
    let partition = match target {
        SearchTarget::EndUser(id) => end_user_pk(scope, id),
        SearchTarget::ChatUser(id) => chat_user_pk(scope, id),
    };
    Key::new(partition, INDEX)
}

/// Parses the key of an order: the outbox index contains only keys.
#[must_use]
pub fn parse_index_order(key: &Key) -> Option<(ProjectScope, SearchTarget)> {
    if key.sk != INDEX {
        return None;
    }
    let (scope, rest) = parse_project(&key.pk)?;
    let target = match rest.as_slice() {
        ["END_USER", id] => SearchTarget::EndUser(id.parse().ok()?),
        ["USER", id] => SearchTarget::ChatUser(id.parse().ok()?),
        _ => return None,
    };
    Some((scope, target))
}

fn id_of(target: SearchTarget) -> String {
    match target {
        SearchTarget::EndUser(id) => id.to_string(),
        SearchTarget::ChatUser(id) => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ChatUserId, EndUserId, ProjectId},
    };

    fn scope() -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
    }

    fn targets() -> [SearchTarget; 2] {
        [
            SearchTarget::EndUser(EndUserId::derive(&["u"])),
            SearchTarget::ChatUser(ChatUserId::derive(&["u"])),
        ]
    }

    #[test]
    fn a_suffix_lies_in_the_partition_of_its_first_character_and_reads_back() {
        for target in targets() {
            for text in ["ada", "#a", "が", "a#b*c", "𝐀", &"𝐀".repeat(32)] {
                let key = suffix(scope(), target, text);
                let first = text.chars().next().unwrap();
                assert_eq!(key.pk, suffixes(scope(), target.kind(), first));
                assert!(key.sk.len() <= 1024);
                assert!(key.sk.starts_with(text));
                assert_eq!(parse_suffix(target.kind(), &key.sk), Some((text, target)));
            }
        }
        assert_eq!(parse_suffix(SearchKind::EndUsers, "ada"), None);
    }

    /// The end of a suffix is no prefix of another record's key.
    #[test]
    fn a_word_with_a_number_sign_begins_no_key_of_the_suffix_without() {
        let key = suffix(scope(), targets()[0], "ada");
        assert!(!key.sk.starts_with("ada#"));
    }

    #[test]
    fn an_order_lies_beside_its_record_and_says_what_it_is_about() {
        for target in targets() {
            let order = index_order(scope(), target);
            assert_eq!(parse_index_order(&order), Some((scope(), target)));
            let record = match target {
                SearchTarget::EndUser(id) => super::super::end_user(scope(), id),
                SearchTarget::ChatUser(id) => super::super::chat_user(scope(), id),
            };
            assert_eq!(order.pk, record.pk);
            assert_eq!(parse_index_order(&record), None);
            assert_eq!(parse_index_order(&indexed(scope(), target)), None);
        }
    }
}
