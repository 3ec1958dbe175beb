//! Who somebody is whom the platform knows by two ids (SPEC A24, A29).
//!
//! `WhatsApp` tells a phone number, a business-scoped user id, or both. The user id is lasting: it
//! is one person's as long as they are with `WhatsApp`. The number is passing: it may be given to
//! somebody else, who comes with another user id. So people are known by the lasting id first, and a
//! number that turns up with another lasting id than before is no proof of anything: approval is
//! never carried over by it.

use crate::{
    chat_user::{ChatUser, Standing},
    message::Identity,
};

/// What is on record under one id.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The id.
    pub identity: Identity,
    /// The person whose record has it.
    pub user: Option<ChatUser>,
    /// The id under which the record is instead.
    pub same_as: Option<Identity>,
    /// How the person of that record stands at the connector.
    pub standing: Option<Standing>,
}

/// Two ids that turned out to be one person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The id that leads to the record from now on.
    pub alias: Identity,
    /// Where it led before.
    pub replaces: Option<Identity>,
    /// The id of the record.
    pub person: Identity,
    /// Whether the record exists; if not, the person is about to be made.
    pub person_exists: bool,
}

/// Two records that turned out to be one person's.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The record that stays, as it shall be; `version` is that of the record it was made from.
    pub survivor: ChatUser,
    /// The record that goes.
    pub absorbed: ChatUser,
    /// How the one that goes stands at the connector.
    pub absorbed_standing: Option<Standing>,
}

/// Who wrote.
#[derive(Debug, Clone)]
pub enum Recognition {
    /// The person of the lasting id, or somebody new under it.
    Lasting,
    /// The person of the passing id.
    Passing,
    /// The person under this third id: read again.
    Elsewhere(Identity),
    /// Write this first, then read again.
    Links(Box<Link>),
    /// Write this first, then read again.
    Merges(Box<Merge>),
}

/// Who wrote, by what is on record under the ids that the platform told: one, or a lasting and a
/// passing one.
#[must_use]
pub fn recognise(lasting: &Candidate, passing: Option<&Candidate>) -> Recognition {
    let Some(passing) = passing else {
        return match (&lasting.user, &lasting.same_as) {
            (None, Some(elsewhere)) => Recognition::Elsewhere(elsewhere.clone()),
            _ => Recognition::Lasting,
        };
    };
    if let Some(blocked) = blocked(lasting, passing) {
        return blocked;
    }
    match (&lasting.user, &lasting.same_as) {
        (Some(person), _) => known_by_lasting(lasting, person, passing),
        (None, Some(home)) => recorded_elsewhere(home, passing),
        (None, None) => new_lasting(lasting, passing),
    }
}

/// Somebody who is shut out costs no row (SPEC A45), not even one that says what else they are called.
fn blocked(lasting: &Candidate, passing: &Candidate) -> Option<Recognition> {
    let by_passing = passing.user.as_ref().is_some_and(|user| {
        let is_theirs = user
            .other_id
            .as_ref()
            .is_none_or(|other| *other == lasting.identity);
        user.block.is_some() && is_theirs
    });
    if lasting
        .user
        .as_ref()
        .is_some_and(|user| user.block.is_some())
    {
        Some(Recognition::Lasting)
    } else {
        by_passing.then_some(Recognition::Passing)
    }
}

fn known_by_lasting(lasting: &Candidate, person: &ChatUser, passing: &Candidate) -> Recognition {
    match (&passing.user, &passing.same_as) {
        // Somebody who came with the number alone, and somebody who came with the lasting id alone.
        (Some(other), _) if other.other_id.is_none() => {
            Recognition::Merges(Box::new(merge(other, person, lasting)))
        }
        (Some(_), _) => Recognition::Lasting,
        (None, Some(before)) if *before == lasting.identity => Recognition::Lasting,
        (None, before) => links(&passing.identity, before.as_ref(), &lasting.identity, true),
    }
}

/// The lasting id leads to a record under a number.
fn recorded_elsewhere(home: &Identity, passing: &Candidate) -> Recognition {
    if *home == passing.identity {
        return Recognition::Passing;
    }
    match (&passing.user, &passing.same_as) {
        (Some(_), _) => Recognition::Elsewhere(home.clone()),
        (None, Some(before)) if before == home => Recognition::Elsewhere(home.clone()),
        (None, before) => links(&passing.identity, before.as_ref(), home, true),
    }
}

fn new_lasting(lasting: &Candidate, passing: &Candidate) -> Recognition {
    match (&passing.user, &passing.same_as) {
        (Some(person), _) if person.other_id.is_none() => {
            links(&lasting.identity, None, &passing.identity, true)
        }
        // The number was another lasting id's: it has a new holder.
        (None, Some(before)) if *before != lasting.identity => {
            links(&passing.identity, Some(before), &lasting.identity, false)
        }
        _ => Recognition::Lasting,
    }
}

fn links(
    alias: &Identity,
    replaces: Option<&Identity>,
    person: &Identity,
    person_exists: bool,
) -> Recognition {
    Recognition::Links(Box::new(Link {
        alias: alias.clone(),
        replaces: replaces.cloned(),
        person: person.clone(),
        person_exists,
    }))
}

/// The record under the number stays: it is the identifier that admins know (SPEC A28). What either
/// was granted, both were. Neither is blocked: see [`blocked`].
fn merge(stays: &ChatUser, goes: &ChatUser, lasting: &Candidate) -> Merge {
    let mut survivor = stays.clone();
    survivor.other_id = Some(goes.identity.clone());
    survivor.profile = stays.profile.clone().over(&goes.profile);
    survivor.admitted_openly |= goes.admitted_openly;
    for (environment, grant) in &goes.grants {
        survivor
            .grants
            .entry(*environment)
            .or_insert_with(|| grant.clone());
    }
    Merge {
        survivor,
        absorbed: goes.clone(),
        absorbed_standing: lasting.standing.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        chat_user::{Block, Grant},
        connector::Provider,
        ids::{ChatUserId, EnvironmentId},
        profile::Profile,
    };
    use std::collections::BTreeMap;

    fn id(identifier: &str) -> Identity {
        Identity {
            provider: Provider::new("360dialog"),
            platform_scope: String::new(),
            identifier: identifier.to_owned(),
        }
    }

    fn person(identifier: &str, other: Option<&str>) -> ChatUser {
        ChatUser {
            id: ChatUserId::derive(&[identifier]),
            identity: id(identifier),
            other_id: other.map(id),
            profile: Profile::default(),
            admitted_openly: false,
            grants: BTreeMap::new(),
            block: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    fn nobody(identifier: &str) -> Candidate {
        Candidate {
            identity: id(identifier),
            user: None,
            same_as: None,
            standing: None,
        }
    }

    fn somebody(identifier: &str, other: Option<&str>) -> Candidate {
        Candidate {
            user: Some(person(identifier, other)),
            ..nobody(identifier)
        }
    }

    fn alias(identifier: &str, of: &str) -> Candidate {
        Candidate {
            same_as: Some(id(of)),
            ..nobody(identifier)
        }
    }

    fn said(recognition: &Recognition) -> String {
        match recognition {
            Recognition::Lasting => "lasting".to_owned(),
            Recognition::Passing => "passing".to_owned(),
            Recognition::Elsewhere(home) => format!("at {}", home.identifier),
            Recognition::Links(link) => format!(
                "{}->{}{}{}",
                link.alias.identifier,
                link.person.identifier,
                link.replaces
                    .as_ref()
                    .map(|before| format!(" not {}", before.identifier))
                    .unwrap_or_default(),
                if link.person_exists { "" } else { " new" },
            ),
            Recognition::Merges(merge) => format!(
                "{}+{}",
                merge.survivor.identity.identifier, merge.absorbed.identity.identifier
            ),
        }
    }

    #[test]
    fn people_are_known_by_the_lasting_id_first() {
        for (lasting, passing, expected) in vec![
            (nobody("B"), None, "lasting"),
            (somebody("B", None), None, "lasting"),
            (alias("B", "P"), None, "at P"),
            (nobody("B"), Some(nobody("P")), "lasting"),
            (somebody("B", None), Some(nobody("P")), "P->B"),
            (somebody("B", Some("P")), Some(alias("P", "B")), "lasting"),
            (nobody("B"), Some(somebody("P", None)), "B->P"),
            (alias("B", "P"), Some(somebody("P", Some("B"))), "passing"),
            (somebody("B", None), Some(somebody("P", None)), "P+B"),
        ] {
            assert_eq!(said(&recognise(&lasting, passing.as_ref())), expected);
        }
    }

    #[test]
    fn a_number_with_another_lasting_id_than_before_has_a_new_holder() {
        for (lasting, passing, expected) in [
            // Its record is another's: the newcomer starts from nothing.
            (nobody("B2"), somebody("P", Some("B1")), "lasting"),
            (somebody("B2", None), somebody("P", Some("B1")), "lasting"),
            // It led to another's record: it leads to the newcomer's now.
            (nobody("B2"), alias("P", "B1"), "P->B2 not B1 new"),
            (somebody("B2", None), alias("P", "B1"), "P->B2 not B1"),
            (alias("B2", "P2"), alias("P", "B1"), "P->P2 not B1"),
            (alias("B2", "P2"), somebody("P", Some("B1")), "at P2"),
        ] {
            assert_eq!(said(&recognise(&lasting, Some(&passing))), expected);
        }
    }

    #[test]
    fn somebody_blocked_is_known_by_either_id_and_nothing_is_written_of_them() {
        let shut_out = |identifier: &str, other: Option<&str>| {
            let mut candidate = somebody(identifier, other);
            if let Some(user) = &mut candidate.user {
                user.block = Some(Block {
                    blocked_at: Timestamp::from_millis(2),
                    blocked_by: "Ada".to_owned(),
                    note: None,
                });
            }
            candidate
        };
        for (lasting, passing, expected) in [
            (shut_out("B", None), nobody("P"), "lasting"),
            (nobody("B"), shut_out("P", None), "passing"),
            (somebody("B", None), shut_out("P", None), "passing"),
            (alias("B", "P"), shut_out("P", Some("B")), "passing"),
            // The number's new holder is not the one who was shut out.
            (nobody("B2"), shut_out("P", Some("B1")), "lasting"),
        ] {
            assert_eq!(said(&recognise(&lasting, Some(&passing))), expected);
        }
    }

    #[test]
    fn of_two_records_nothing_is_lost() {
        let (here, there) = (
            EnvironmentId::derive(&["here"]),
            EnvironmentId::derive(&["there"]),
        );
        let grant = Grant {
            granted_at: Timestamp::from_millis(1),
            granted_by: "Ada".to_owned(),
        };
        let (mut stays, mut goes) = (somebody("P", None), somebody("B", None));
        if let (Some(stays), Some(goes)) = (&mut stays.user, &mut goes.user) {
            stays.grants.insert(here, grant.clone());
            goes.grants.insert(there, grant);
        }
        let Recognition::Merges(merge) = recognise(&goes, Some(&stays)) else {
            panic!("they were not merged");
        };
        assert_eq!(merge.survivor.identity, id("P"));
        assert_eq!(merge.survivor.other_id, Some(id("B")));
        assert_eq!(merge.survivor.grants.len(), 2);
    }
}
