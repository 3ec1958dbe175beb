use super::*;
use crate::{
    Timestamp,
    access::standing::Rejections,
    chat::message::{PHONE_SCOPE, WHATSAPP_SCOPE},
    chat::user::{Block, Grant},
    connector::Provider,
    ids::{ChatUserId, EndUserId, EnvironmentId},
    samples::{chat_user, kept_block},
};

/// A phone number if it begins with P, else an id of the platform.
fn id(identifier: &str) -> Identity {
    let platform_scope = if identifier.starts_with('P') {
        PHONE_SCOPE
    } else {
        WHATSAPP_SCOPE
    };
    Identity {
        provider: Provider::new("360dialog"),
        platform_scope: platform_scope.to_owned(),
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
        kept_block: None,
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
fn the_block_of_an_erased_person_counts_for_either_id_unless_the_id_alone_leads_to_a_record() {
    let erased = |candidate: Candidate| Candidate {
        kept_block: Some(kept_block()),
        ..candidate
    };
    let counts =
        |stable: &Candidate, phone: Option<&Candidate>| super::kept_block(stable, phone).is_some();
    assert!(counts(&erased(nobody("B")), None));
    assert!(counts(&erased(nobody("P")), None));
    assert!(counts(&erased(nobody("B")), Some(&nobody("P"))));
    assert!(counts(&nobody("B"), Some(&erased(nobody("P")))));
    // Two records of one person were made, and one of them is erased.
    assert!(counts(&somebody("B", None), Some(&erased(nobody("P")))));
    // The number passed on.
    assert!(!counts(&erased(alias("P", "B2")), None));
    assert!(!counts(&erased(somebody("P", None)), None));
    assert!(!counts(&nobody("B"), Some(&nobody("P"))));
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

#[test]
fn of_two_links_that_of_the_record_that_stays_is_kept_and_an_admins_word_without_any() {
    let [one, other] = ["one", "other"].map(|name| Some(EndUserId::derive(&[name])));
    for (stays, goes, expected, is_apart) in [
        (one, other, one, false),
        (None, other, other, false),
        (one, None, one, false),
        (None, None, None, true),
    ] {
        let stays = ChatUser {
            end_user_id: stays,
            ..person("P", None)
        };
        let goes = ChatUser {
            end_user_id: goes,
            is_apart: goes.is_none(),
            ..person("B", None)
        };
        let Merge { survivor, .. } = merge(&stays, &goes);
        assert_eq!(
            (survivor.end_user_id, survivor.is_apart),
            (expected, is_apart)
        );
    }
}
