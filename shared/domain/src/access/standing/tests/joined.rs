//! Two standings of one person that become one (SPEC A29).

use super::*;
use crate::{
    ids::ChatUserId,
    samples::{actor, environment},
};

#[test]
fn of_two_standings_the_pending_request_stays_with_its_count_and_all_events_are_known() {
    let (one, two) = (asking("one", 2), asking("two", 7));
    for (own, other, request) in [
        (&one, &two, &one),
        (&one, &standing(), &one),
        (&standing(), &two, &two),
    ] {
        let joined = own.clone().joined_by(other);
        assert!(joined.request_pending);
        assert_eq!(joined.request_id, request.request_id);
        assert_eq!(joined.message_count, request.message_count);
        for key in own.recent_events.iter().chain(&other.recent_events) {
            assert!(joined.recent_events.contains(key));
        }
        assert_eq!(joined.version, own.version);
    }
}

#[test]
fn of_two_standings_a_message_that_was_sent_and_a_stop_count() {
    let skipped = Standing {
        onboarding_message: Some(SendStatus::Skipped {
            at: at(1),
            reason: None,
        }),
        ..standing()
    };
    let sent = Standing {
        onboarding_message: Some(SendStatus::Sent {
            at: at(2),
            message_id: None,
        }),
        consents: opted_out(at(3)),
        ..standing()
    };
    for (own, other) in [(&skipped, &sent), (&sent, &skipped), (&standing(), &sent)] {
        let joined = own.clone().joined_by(other);
        assert_eq!(joined.onboarding_message, sent.onboarding_message);
        assert_eq!(joined.opted_out_at(), Some(at(3)));
    }
}

#[test]
fn of_two_standings_a_rejection_ends_an_open_door_that_it_came_after() {
    let rejected = |seconds| Standing {
        rejections: Some(Rejections {
            count: 1,
            last_at: at(seconds),
        }),
        ..standing()
    };
    let admitted = Standing {
        admitted_openly_at: Some(at(10)),
        ..standing()
    };
    for (last_at, expected) in [(9, Some(at(10))), (10, None), (11, None)] {
        let joined = admitted.clone().joined_by(&rejected(last_at));
        assert_eq!(joined.admitted_openly_at, expected, "{last_at}");
    }
    let joined = rejected(9).joined_by(&rejected(11));
    let rejections = joined.rejections.unwrap();
    assert_eq!((rejections.count, rejections.last_at), (2, at(11)));
}

#[test]
fn of_two_standings_all_event_keys_of_the_release_before_stay_known() {
    let standing = Standing {
        recent_events: keys(3..103),
        ..standing()
    };
    let joined = standing.joined_by(&Standing {
        recent_events: keys(200..299),
        ..crate::samples::standing()
    });
    let expected = [keys(200..299), keys(3..103)].concat();
    assert_eq!(joined.recent_events, expected);
}

#[test]
fn two_standings_joined_keep_a_person_as_one_standing_with_both_histories_does() {
    let connector = Connector {
        onboarding_since: Some(at(20)),
        ..connector()
    };
    for rejected in [9, 10, 11] {
        let rejections = Some(Rejections {
            count: 1,
            last_at: at(rejected),
        });
        let admitted = Standing {
            admitted_openly_at: Some(at(10)),
            ..standing()
        };
        let both = Standing {
            rejections,
            ..admitted.clone()
        };
        let joined = admitted.joined_by(&Standing {
            rejections,
            ..standing()
        });
        assert_eq!(both.kept_by(&connector), rejected < 10, "{rejected}");
        assert_eq!(joined.kept_by(&connector), rejected < 10, "{rejected}");
    }
}

#[test]
fn of_two_standings_the_earliest_and_the_latest_count_and_the_last_place_of_writing() {
    let own = Standing {
        first_seen_at: at(5),
        last_message_at: Some(at(10)),
        conversation: conversation("own"),
        consents: opted_out(at(2)),
        admitted_openly_at: Some(at(3)),
        ..standing()
    };
    for (wrote, last, place) in [
        (None, 10, "own"),
        (Some(9), 10, "own"),
        (Some(10), 10, "own"),
        (Some(11), 11, "other"),
    ] {
        let other = Standing {
            chat_user_id: ChatUserId::derive(&["other"]),
            first_seen_at: at(4),
            last_message_at: wrote.map(at),
            conversation: conversation("other"),
            consents: opted_out(at(1)),
            admitted_openly_at: Some(at(4)),
            pending_tasks: [PendingTask::Replay].into(),
            version: 8,
            ..standing()
        };
        let expected = Standing {
            first_seen_at: at(4),
            last_message_at: Some(at(last)),
            conversation: conversation(place),
            consents: opted_out(at(2)),
            admitted_openly_at: Some(at(4)),
            ..own.clone()
        };
        assert_eq!(own.clone().joined_by(&other), expected);
    }
}

#[test]
fn of_two_standings_without_a_pending_request_the_own_request_and_count_stay() {
    let (one, two) = (asking("one", 2), asking("two", 7));
    let decided = |standing: &Standing| Standing {
        request_pending: false,
        ..standing.clone()
    };
    for (own, other, request, count, pending) in [
        (decided(&one), decided(&two), one.request_id, 2, false),
        (standing(), decided(&two), two.request_id, 0, false),
        (decided(&one), standing(), one.request_id, 2, false),
        (decided(&one), two.clone(), two.request_id, 7, true),
        (one.clone(), decided(&two), one.request_id, 2, true),
        (standing(), standing(), None, 0, false),
    ] {
        let joined = own.joined_by(&other);
        assert_eq!(joined.request_id, request);
        assert_eq!(joined.message_count, count);
        assert_eq!(joined.request_pending, pending);
    }
}

#[test]
fn of_two_standings_the_approval_to_be_followed_up_stays_else_the_latest_and_the_own_first() {
    let approved = |name: &str, seconds: i64, task: Option<PendingTask>| Standing {
        approval: Some(Approval::new(
            AccessRequestId::derive(&[name]),
            environment("e"),
            actor("grace"),
            at(seconds),
        )),
        pending_tasks: task.into_iter().collect(),
        ..standing()
    };
    let (one, two) = (approved("one", 6, None), approved("two", 6, None));
    let later = approved("later", 7, Some(PendingTask::Profile));
    let owed = approved("owed", 5, Some(PendingTask::Replay));
    for (own, other, expected) in [
        (&one, &two, &one),
        (&one, &later, &later),
        (&later, &one, &later),
        (&one, &owed, &owed),
        (&owed, &later, &owed),
        (&standing(), &two, &two),
        (&one, &standing(), &one),
        (&standing(), &standing(), &standing()),
    ] {
        assert_eq!(own.clone().joined_by(other).approval, expected.approval);
    }
}

#[test]
fn of_two_standings_either_may_have_sent_an_onboarding_message_unseen() {
    let doubtful = |onboarding_in_doubt| Standing {
        onboarding_in_doubt,
        ..standing()
    };
    for (own, other) in [(false, false), (false, true), (true, false), (true, true)] {
        let joined = doubtful(own).joined_by(&doubtful(other));
        assert_eq!(joined.onboarding_in_doubt, own || other);
    }
}

#[test]
fn of_two_standings_the_own_onboarding_message_counts_unless_only_the_other_went_out() {
    let told = |status: Option<SendStatus>| Standing {
        onboarding_message: status,
        ..standing()
    };
    let sent = |seconds| {
        Some(SendStatus::Sent {
            at: at(seconds),
            message_id: None,
        })
    };
    let skipped = Some(SendStatus::Skipped {
        at: at(1),
        reason: None,
    });
    for (own, other, expected) in [
        (sent(1), sent(2), sent(1)),
        (Some(SendStatus::Queued), sent(2), sent(2)),
        (
            Some(SendStatus::Queued),
            skipped.clone(),
            Some(SendStatus::Queued),
        ),
        (None, skipped.clone(), skipped),
        (None, None, None),
    ] {
        let joined = told(own).joined_by(&told(other));
        assert_eq!(joined.onboarding_message, expected);
    }
}
