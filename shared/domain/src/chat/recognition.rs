//! Recognition of people whom the platform knows by two ids (SPEC A24, A29).
//!
//! `WhatsApp` provides a phone number, a business-scoped user id, or both. The user id is stable:
//! one person has it for as long as they use `WhatsApp`. A number may pass to another person, who
//! has another user id. So the stable id decides. A number that arrives with a new stable id proves
//! nothing, and approval never follows the number.

use crate::{
    access::standing::Standing, chat::message::Identity, chat::user::ChatUser, ids::EnvironmentId,
};

/// The records under one id.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The id.
    pub identity: Identity,
    /// The chat user whose record is under this id.
    pub user: Option<ChatUser>,
    /// The id that has the record instead, when this id is an alias.
    pub same_as: Option<Identity>,
    /// Whether this id is a phone number that led to another person's record before.
    pub had_another_holder: bool,
    /// The chat user's standing at the connector.
    pub standing: Option<Standing>,
}

impl Candidate {
    /// Whether the chat user of the record is blocked.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.block.is_some())
    }

    /// Whether the id is a phone number that nobody else is known to have had. Only such a number says who its
    /// holder is: one that passed to another person proves nothing about them.
    #[must_use]
    pub fn identifies_its_holder(&self) -> bool {
        let user = self.user.as_ref();
        self.identity.is_phone()
            && !self.had_another_holder
            && user.is_none_or(|user| user.number_now_of.is_none())
    }

    fn is_granted(&self, environment: EnvironmentId) -> bool {
        let user = self.user.as_ref();
        user.is_some_and(|user| user.grants.contains_key(&environment))
    }

    /// The weight of the record beside another of the same person, from the first fact to the last.
    fn weight(&self, environment: EnvironmentId) -> [bool; 5] {
        let standing = self.standing.as_ref();
        [
            self.is_blocked(),
            self.is_granted(environment),
            standing.is_some_and(|standing| standing.request_pending),
            standing.is_some_and(|standing| standing.rejections.is_some()),
            standing.is_some(),
        ]
    }
}

/// A link between two ids of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The alias: the id that leads to the record from now on.
    pub alias: Identity,
    /// The id that the alias led to before.
    pub replaces: Option<Identity>,
    /// The id of the record.
    pub person: Identity,
    /// Whether the record exists. If not, it is about to be created.
    pub person_exists: bool,
}

/// A phone number's new holder. The number arrived with another stable id than that of the record
/// under it, so the number alone no longer leads to the record. Or the number returned to the
/// person of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The phone number, which is also the id of the record.
    pub phone: Identity,
    /// The new holder's stable id; `None` for the person of the record.
    pub now_of: Option<Identity>,
    /// Version of the record.
    pub version: u64,
}

/// Two records of one person that become one.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The record that stays, as it is to be stored; `version` is that of the record it was made from.
    pub survivor: ChatUser,
    /// The record that is absorbed.
    pub absorbed: ChatUser,
}

/// The result of recognising a sender.
#[derive(Debug, Clone)]
pub enum Recognition {
    /// The chat user of the stable id, or a new one under this id.
    Stable,
    /// The chat user of the phone number.
    Phone,
    /// A new chat user under the stable id, with the phone number as an alias from the start.
    NewUnderBoth,
    /// The chat user whose record is under this third id.
    Elsewhere(Identity),
    /// The phone number has a new holder with this stable id. Read again with this id.
    PassedOn(Identity),
    /// Store the handover, then read again.
    HandsOver(Box<Handover>),
    /// Store the link, then read again.
    Links(Box<Link>),
    /// Merge the records, then read again.
    Merges(Box<Merge>),
}

/// Chooses the record that counts while two records of one person cannot be merged yet. A block
/// under either id counts, and so does an approval under either id. Else the record counts under which
/// the person asked, was rejected, or wrote at this connector, in this order, so that nobody is welcomed
/// or asks twice.
#[must_use]
pub fn for_now(
    stable: Candidate,
    phone: Option<Candidate>,
    environment: EnvironmentId,
) -> Candidate {
    match phone {
        Some(phone) if phone.weight(environment) > stable.weight(environment) => phone,
        _ => stable,
    }
}

/// Recognises a sender by the records under the ids that the platform provided: one id, or a stable
/// id and a phone number.
#[must_use]
pub fn recognise(stable: &Candidate, phone: Option<&Candidate>) -> Recognition {
    let Some(phone) = phone else {
        return match (&stable.user, &stable.same_as) {
            (None, Some(elsewhere)) => Recognition::Elsewhere(elsewhere.clone()),
            (Some(user), _) => match &user.number_now_of {
                Some(holder) => Recognition::PassedOn(holder.clone()),
                None => Recognition::Stable,
            },
            (None, None) => Recognition::Stable,
        };
    };
    if let Some(handover) = handover(stable, phone) {
        return Recognition::HandsOver(Box::new(handover));
    }
    match (&stable.user, &stable.same_as) {
        (Some(person), _) => known_by_stable(stable, person, phone),
        (None, Some(home)) => recorded_elsewhere(home, phone),
        (None, None) => new_stable(stable, phone),
    }
}

/// Recognises a sender by the id that another id led to. If the record there was absorbed since, that id
/// leads on: a number to a stable id, and the stable id to another number's record.
#[must_use]
pub fn led_to(home: &Candidate) -> Recognition {
    match (&home.user, &home.same_as) {
        (None, Some(elsewhere)) => Recognition::Elsewhere(elsewhere.clone()),
        _ => Recognition::Stable,
    }
}

/// The longest way from an id to its person's record: a number, a stable id, another number.
pub const ALIASES_MAX: usize = 2;

/// The handover to store, if the record under the phone number belongs to a person with another
/// stable id, or the number returned to its person.
fn handover(stable: &Candidate, phone: &Candidate) -> Option<Handover> {
    let record = phone.user.as_ref()?;
    let theirs = record.other_id.as_ref()?;
    // The second id on the record may be a newer number of the same person, whose stable id then leads here.
    let is_theirs = *theirs == stable.identity || stable.same_as.as_ref() == Some(&phone.identity);
    let now_of = (!is_theirs).then(|| stable.identity.clone());
    (record.number_now_of != now_of).then(|| Handover {
        phone: phone.identity.clone(),
        now_of,
        version: record.version,
    })
}

fn known_by_stable(stable: &Candidate, person: &ChatUser, phone: &Candidate) -> Recognition {
    match (&phone.user, &phone.same_as) {
        // One record was made by a message with the number alone, the other by a message with the
        // stable id alone. They may be linked already, if a record was made at the same time.
        (Some(other), _)
            if other
                .other_id
                .as_ref()
                .is_none_or(|id| *id == stable.identity) =>
        {
            Recognition::Merges(Box::new(merge(other, person)))
        }
        (Some(_), _) => Recognition::Stable,
        (None, Some(before)) if *before == stable.identity => Recognition::Stable,
        (None, before) => links(&phone.identity, before.as_ref(), &stable.identity, true),
    }
}

/// Recognises a sender whose stable id leads to a record under a phone number.
fn recorded_elsewhere(home: &Identity, phone: &Candidate) -> Recognition {
    if *home == phone.identity {
        return Recognition::Phone;
    }
    match (&phone.user, &phone.same_as) {
        (Some(other), _) if other.other_id.is_none() && other.block.is_some() => Recognition::Phone,
        (Some(_), _) => Recognition::Elsewhere(home.clone()),
        (None, Some(before)) if before == home => Recognition::Elsewhere(home.clone()),
        (None, before) => links(&phone.identity, before.as_ref(), home, true),
    }
}

fn new_stable(stable: &Candidate, phone: &Candidate) -> Recognition {
    match (&phone.user, &phone.same_as) {
        (Some(person), _) if person.other_id.is_none() => {
            links(&stable.identity, None, &phone.identity, true)
        }
        // The number belonged to another stable id, so it has a new holder.
        (None, Some(before)) if *before != stable.identity => {
            links(&phone.identity, Some(before), &stable.identity, false)
        }
        (None, _) => Recognition::NewUnderBoth,
        (Some(_), _) => Recognition::Stable,
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

/// Makes the merge of two records of one person, one of them under a phone number. `None` if the number's
/// record belongs to another stable id by now.
#[must_use]
pub fn merge_of(one: &ChatUser, two: &ChatUser) -> Option<Merge> {
    let (phone, stable) = match (one.identity.is_phone(), two.identity.is_phone()) {
        (true, false) => (one, two),
        (false, true) => (two, one),
        _ => return None,
    };
    let owner = phone.other_id.as_ref();
    owner
        .is_none_or(|owner| *owner == stable.identity)
        .then(|| merge(phone, stable))
}

/// The record under the number stays, because admins know that identifier (SPEC A28). Grants of
/// both records are kept, and so is a block of either (SPEC A45).
fn merge(stays: &ChatUser, goes: &ChatUser) -> Merge {
    let mut survivor = stays.clone();
    survivor.other_id = Some(goes.identity.clone());
    survivor.profile = stays.profile.clone().over(&goes.profile);
    survivor.admitted_openly |= goes.admitted_openly;
    survivor.block = survivor.block.or_else(|| goes.block.clone());
    for (environment, grant) in &goes.grants {
        survivor
            .grants
            .entry(*environment)
            .or_insert_with(|| grant.clone());
    }
    Merge {
        survivor,
        absorbed: goes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        access::standing::Rejections,
        chat::message::{PHONE_SCOPE, WHATSAPP_SCOPE},
        chat::user::{Block, Grant},
        connector::Provider,
        ids::{ChatUserId, EnvironmentId},
        samples::chat_user,
    };

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
            ..chat_user()
        }
    }

    fn nobody(identifier: &str) -> Candidate {
        Candidate {
            identity: id(identifier),
            user: None,
            same_as: None,
            had_another_holder: false,
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

    /// The record under a number, made with the first stable id, after the number came with the second.
    fn passed_on(identifier: &str, other: &str, holder: &str) -> Candidate {
        let mut candidate = somebody(identifier, Some(other));
        if let Some(user) = &mut candidate.user {
            user.number_now_of = Some(id(holder));
        }
        candidate
    }

    fn said(recognition: &Recognition) -> String {
        match recognition {
            Recognition::Stable => "stable".to_owned(),
            Recognition::Phone => "phone".to_owned(),
            Recognition::NewUnderBoth => "new under both".to_owned(),
            Recognition::Elsewhere(home) => format!("at {}", home.identifier),
            Recognition::PassedOn(holder) => format!("passed on to {}", holder.identifier),
            Recognition::HandsOver(handover) => format!(
                "{} now of {}",
                handover.phone.identifier,
                handover
                    .now_of
                    .as_ref()
                    .map_or("its record", |id| id.identifier.as_str()),
            ),
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
    fn people_are_known_by_the_stable_id_first() {
        for (stable, phone, expected) in vec![
            (nobody("B"), None, "stable"),
            (somebody("B", None), None, "stable"),
            (alias("B", "P"), None, "at P"),
            (nobody("B"), Some(nobody("P")), "new under both"),
            (somebody("B", None), Some(nobody("P")), "P->B"),
            (somebody("B", Some("P")), Some(alias("P", "B")), "stable"),
            (nobody("B"), Some(somebody("P", None)), "B->P"),
            // The number was linked before there is a record.
            (nobody("B"), Some(alias("P", "B")), "new under both"),
            (alias("B", "P"), Some(somebody("P", Some("B"))), "phone"),
            (alias("B", "P2"), Some(alias("P", "P2")), "at P2"),
            (alias("B", "P2"), Some(somebody("P", None)), "at P2"),
            (somebody("B", None), Some(somebody("P", None)), "P+B"),
            // The record was made while the two ids were linked.
            (somebody("B", None), Some(somebody("P", Some("B"))), "P+B"),
        ] {
            assert_eq!(said(&recognise(&stable, phone.as_ref())), expected);
        }
    }

    #[test]
    fn a_number_identifies_its_holder_until_it_passes_to_another_person() {
        let moved = Candidate {
            had_another_holder: true,
            ..alias("P", "B")
        };
        for (candidate, identifies) in [
            (nobody("P"), true),
            (somebody("P", Some("B")), true),
            (alias("P", "B"), true),
            (nobody("B"), false),
            (passed_on("P", "B1", "B2"), false),
            (moved, false),
        ] {
            assert_eq!(
                candidate.identifies_its_holder(),
                identifies,
                "{candidate:?}"
            );
        }
    }

    #[test]
    fn a_number_with_another_stable_id_than_before_has_a_new_holder() {
        for (stable, phone, expected) in vec![
            // The record under the number is another person's: the new holder is noted and starts
            // from nothing.
            (nobody("B2"), somebody("P", Some("B1")), "P now of B2"),
            (nobody("B2"), passed_on("P", "B1", "B2"), "stable"),
            (
                somebody("B2", None),
                somebody("P", Some("B1")),
                "P now of B2",
            ),
            (somebody("B2", None), passed_on("P", "B1", "B2"), "stable"),
            (nobody("B3"), passed_on("P", "B1", "B2"), "P now of B3"),
            // The number led to another person's record and now leads to the newcomer's.
            (nobody("B2"), alias("P", "B1"), "P->B2 not B1 new"),
            (somebody("B2", None), alias("P", "B1"), "P->B2 not B1"),
            (alias("B2", "P2"), alias("P", "B1"), "P->P2 not B1"),
            (alias("B2", "P2"), passed_on("P", "B1", "B2"), "at P2"),
        ] {
            assert_eq!(said(&recognise(&stable, Some(&phone))), expected);
        }
    }

    #[test]
    fn a_number_is_its_persons_also_after_they_wrote_from_another_number() {
        // Their record stands under P, and P2 is on it as the second id.
        let (stable, phone) = (alias("B", "P"), somebody("P", Some("P2")));
        assert_eq!(said(&recognise(&stable, Some(&phone))), "phone");
        // A record that was taken for passed on leads back to itself.
        let (mistaken, theirs) = (passed_on("P", "P2", "B"), alias("B", "P"));
        assert_eq!(
            said(&recognise(&theirs, Some(&mistaken))),
            "P now of its record"
        );
        assert_eq!(said(&recognise(&mistaken, None)), "passed on to B");
        assert_eq!(said(&recognise(&theirs, None)), "at P");
        let newcomer = nobody("B2");
        assert_eq!(said(&recognise(&newcomer, Some(&phone))), "P now of B2");
    }

    #[test]
    fn records_that_waited_are_merged_unless_the_number_is_somebody_elses_by_then() {
        let person = |scope: &str, identifier: &str, other: Option<&str>| {
            let mut person = person(identifier, None);
            person.identity.platform_scope = scope.to_owned();
            person.other_id = other.map(|other| Identity {
                platform_scope: WHATSAPP_SCOPE.to_owned(),
                ..id(other)
            });
            person
        };
        let stable = person(WHATSAPP_SCOPE, "B", None);
        for (owner, merges) in [(None, true), (Some("B"), true), (Some("B2"), false)] {
            let phone = person(PHONE_SCOPE, "P", owner);
            for (one, two) in [(&phone, &stable), (&stable, &phone)] {
                let merge = merge_of(one, two);
                assert_eq!(merge.is_some(), merges, "{owner:?}");
                if let Some(merge) = merge {
                    assert_eq!(merge.survivor.identity, phone.identity);
                    assert_eq!(merge.absorbed, stable);
                }
            }
            assert!(merge_of(&phone, &phone).is_none());
        }
        assert!(merge_of(&stable, &stable).is_none());
    }

    #[test]
    fn a_number_leads_on_from_an_id_whose_record_was_absorbed_and_ends_at_a_record() {
        // The first number led to B; then B's record was absorbed by that of the number P.
        assert_eq!(said(&recognise(&alias("P0", "B"), None)), "at B");
        assert_eq!(said(&led_to(&alias("B", "P"))), "at P");
        for home in [
            somebody("P", Some("B")),
            passed_on("P", "B", "B2"),
            nobody("B"),
        ] {
            assert_eq!(said(&led_to(&home)), "stable");
        }
    }

    #[test]
    fn a_number_alone_leads_to_whoever_has_it_by_now() {
        let alone = passed_on("P", "B1", "B2");
        assert_eq!(said(&recognise(&alone, None)), "passed on to B2");
        // The number's first holder has it again.
        let (back, theirs) = (alias("B1", "P"), Some(&alone));
        assert_eq!(said(&recognise(&back, theirs)), "P now of its record");
    }

    fn shut_out(identifier: &str, other: Option<&str>) -> Candidate {
        let mut candidate = somebody(identifier, other);
        if let Some(user) = &mut candidate.user {
            user.block = Some(Block {
                blocked_at: Timestamp::from_millis(2),
                blocked_by: "Ada".to_owned(),
                note: None,
            });
        }
        candidate
    }

    #[test]
    fn the_second_id_of_somebody_blocked_leads_to_the_block() {
        let said = |stable: Candidate, phone: Candidate| said(&recognise(&stable, Some(&phone)));
        assert_eq!(said(shut_out("B", None), nobody("P")), "P->B");
        assert_eq!(said(nobody("B"), shut_out("P", None)), "B->P");
        assert_eq!(said(shut_out("B", Some("P")), alias("P", "B")), "stable");
        assert_eq!(said(alias("B", "P"), shut_out("P", Some("B"))), "phone");
        assert_eq!(said(alias("B", "P2"), shut_out("P", None)), "phone");
        // The number's new holder is not the blocked person.
        assert_eq!(said(nobody("B2"), shut_out("P", Some("B1"))), "P now of B2");
    }

    #[test]
    fn while_two_records_stay_two_a_block_and_a_grant_of_either_hold() {
        let here = EnvironmentId::derive(&["here"]);
        let granted = |identifier: &str| {
            let mut candidate = somebody(identifier, None);
            if let Some(user) = &mut candidate.user {
                user.grants.insert(
                    here,
                    Grant {
                        granted_at: Timestamp::from_millis(1),
                        granted_by: "Ada".to_owned(),
                    },
                );
            }
            candidate
        };
        for (stable, phone, expected) in [
            (somebody("B", None), somebody("P", None), "B"),
            (somebody("B", None), granted("P"), "P"),
            (somebody("B", None), shut_out("P", None), "P"),
            (granted("B"), shut_out("P", None), "P"),
            (shut_out("B", None), granted("P"), "B"),
        ] {
            let who = for_now(stable, Some(phone), here);
            assert_eq!(who.identity, id(expected));
        }
    }

    #[test]
    fn while_two_records_stay_two_the_one_that_asked_was_rejected_or_wrote_here_counts() {
        let here = EnvironmentId::derive(&["here"]);
        let standing = |pending: bool, rejected: bool| Standing {
            request_pending: pending,
            rejections: rejected.then_some(Rejections {
                count: 1,
                last_at: Timestamp::from_millis(1),
            }),
            ..crate::samples::standing()
        };
        let with = |identifier: &str, standing: Option<Standing>| Candidate {
            standing,
            ..somebody(identifier, None)
        };
        let (asked, rejected, wrote) = (
            Some(standing(true, false)),
            Some(standing(false, true)),
            Some(standing(false, false)),
        );
        for (stable, phone, expected) in [
            (None, wrote.clone(), "P"),
            (wrote.clone(), None, "B"),
            (wrote.clone(), wrote.clone(), "B"),
            (wrote.clone(), rejected.clone(), "P"),
            (rejected, asked.clone(), "P"),
            (asked.clone(), asked, "B"),
            (None, None, "B"),
        ] {
            let who = for_now(with("B", stable), Some(with("P", phone)), here);
            assert_eq!(who.identity, id(expected));
        }
    }

    #[test]
    fn of_two_records_either_block_holds() {
        for (stable, phone) in [
            (somebody("B", None), shut_out("P", None)),
            (shut_out("B", None), somebody("P", None)),
        ] {
            let Recognition::Merges(merge) = recognise(&stable, Some(&phone)) else {
                panic!("they were not merged");
            };
            assert!(merge.survivor.block.is_some());
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
            goes.admitted_openly = true;
        }
        let Recognition::Merges(merge) = recognise(&goes, Some(&stays)) else {
            panic!("they were not merged");
        };
        assert_eq!(merge.survivor.identity, id("P"));
        assert_eq!(merge.survivor.other_id, Some(id("B")));
        assert_eq!(merge.survivor.grants.len(), 2);
        assert!(merge.survivor.admitted_openly);
    }
}
