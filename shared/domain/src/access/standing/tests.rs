//! The rules of standings.

use super::*;
use crate::{
    ids::ChatUserId,
    samples::{actor, at, connector, conversation, environment, message, opted_out, standing},
};
use proptest::prelude::*;

#[test]
fn whether_content_is_awaited_goes_with_the_request_that_is_kept() {
    let asking = |pending, awaits| Standing {
        request_id: Some(AccessRequestId::derive(&["r"])),
        request_pending: pending,
        awaits_content: awaits,
        ..standing()
    };
    for (own, other, expected) in [
        (asking(true, true), asking(true, false), true),
        (asking(true, false), asking(true, true), false),
        (asking(false, true), asking(true, false), false),
        (asking(false, false), asking(true, true), true),
    ] {
        assert_eq!(own.joined_by(&other).awaits_content, expected);
    }
}

#[test]
fn the_message_in_a_placeholders_place_goes_with_its_request() {
    let asking = |name: &str, pending, key: Option<&str>| Standing {
        request_id: Some(AccessRequestId::derive(&[name])),
        request_pending: pending,
        content_key: key.map(str::to_owned),
        ..standing()
    };
    let other = || asking("other", true, Some("slack:2"));
    for (own, theirs, expected) in [
        (
            asking("own", true, Some("slack:1")),
            other(),
            Some("slack:1"),
        ),
        (asking("own", true, None), other(), None),
        (
            asking("own", false, Some("slack:1")),
            other(),
            Some("slack:2"),
        ),
        (
            standing(),
            asking("other", false, Some("slack:2")),
            Some("slack:2"),
        ),
        (
            asking("own", false, None),
            asking("other", false, Some("slack:2")),
            None,
        ),
    ] {
        let joined = own.joined_by(&theirs);
        assert_eq!(joined.content_key.as_deref(), expected);
    }
    let id = AccessRequestId::derive(&["new"]);
    let anew = other().with_request(id, &message(), false);
    assert_eq!(anew.content_key, None);
}

#[test]
fn a_task_is_stored_under_its_name_and_tasks_are_done_in_order() {
    for task in PendingTask::ALL {
        assert_eq!(serde_json::to_value(task).unwrap(), task.key());
    }
    let all: Vec<_> = BTreeSet::from(PendingTask::ALL).into_iter().collect();
    assert_eq!(all, PendingTask::ALL);
}

#[test]
fn a_registration_is_ordered_when_it_is_due_and_once() {
    assert_eq!(standing().registering(false), standing());
    let ordered = standing().registering(true);
    let tasks = [PendingTask::Register].into();
    assert_eq!(
        ordered,
        Standing {
            pending_tasks: tasks,
            ..standing()
        }
    );
    assert_eq!(ordered.clone().registering(true), ordered);
}

fn asking(name: &str, count: u64) -> Standing {
    Standing {
        request_id: Some(AccessRequestId::derive(&[name])),
        request_pending: true,
        message_count: count,
        recent_events: vec![name.to_owned()],
        ..standing()
    }
}

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
fn somebody_new_at_a_connector_is_known_by_nothing_but_the_message() {
    let first = Standing::first(&message(), &connector(), at(5));
    let expected = Standing {
        chat_user_id: message().sender.chat_user_id(connector().scope),
        version: 0,
        ..standing()
    };
    assert_eq!(first, expected);
}

#[test]
fn a_request_starts_its_own_count_and_owes_the_onboarding_message_if_it_comes_with_one() {
    let id = AccessRequestId::derive(&["new"]);
    let message = InboundMessage {
        conversation: conversation("D2"),
        ..message()
    };
    let before = Standing {
        message_count: 9,
        recent_events: vec!["slack:Ev0".into()],
        ..standing()
    };
    let without = Standing {
        conversation: conversation("D2"),
        request_id: Some(id),
        request_pending: true,
        message_count: 1,
        last_message_at: Some(at(7)),
        recent_events: vec!["slack:Ev0".into()],
        pending_tasks: [PendingTask::RequestNotice].into(),
        ..standing()
    };
    let with = Standing {
        onboarding_message: Some(SendStatus::Queued),
        pending_tasks: [PendingTask::OnboardingMessage, PendingTask::Profile].into(),
        ..without.clone()
    };
    assert_eq!(before.clone().with_request(id, &message, false), without);
    assert_eq!(before.with_request(id, &message, true), with);
}

/// SPEC B35.
#[test]
fn a_job_about_a_request_orders_notices_and_one_about_anything_else_does_not() {
    let asking = |task| Standing {
        request_pending: true,
        pending_tasks: [task].into(),
        ..standing()
    };
    for (task, brings) in [
        (PendingTask::OnboardingMessage, true),
        (PendingTask::RequestNotice, true),
        (PendingTask::Profile, false),
        (PendingTask::ApprovalNotice, false),
    ] {
        assert_eq!(asking(task).brings_a_notice(1), brings, "{task:?}");
        let decided = Standing {
            request_pending: false,
            ..asking(task)
        };
        assert!(!decided.brings_a_notice(1), "{task:?}");
    }
    let tried_often = asking(PendingTask::OnboardingMessage);
    assert!(tried_often.brings_a_notice(5));
    assert!(!tried_often.brings_a_notice(6));
    assert!(asking(PendingTask::RequestNotice).brings_a_notice(6));
}

#[test]
fn a_request_beside_an_approval_notice_that_may_have_been_tried_owes_its_own_notice() {
    let id = AccessRequestId::derive(&["new"]);
    for (tasks, owes) in [
        (&[PendingTask::ApprovalNotice][..], true),
        (
            &[PendingTask::RelatedRequests, PendingTask::ApprovalNotice],
            false,
        ),
        (&[], false),
    ] {
        let before = Standing {
            pending_tasks: tasks.iter().copied().collect(),
            ..standing()
        };
        let asked = before.with_request(id, &message(), true);
        let notice = PendingTask::RequestNotice;
        assert_eq!(asked.pending_tasks.contains(&notice), owes, "{tasks:?}");
        assert_eq!(asked.brings_a_notice(200), owes, "{tasks:?}");
    }
}

#[test]
fn a_message_that_was_due_before_the_latest_request_may_have_been_tried() {
    let id = AccessRequestId::derive(&["new"]);
    let first = standing().with_request(id, &message(), true);
    assert!(!first.may_have_tried_message());
    let again = first.with_request(id, &message(), false);
    assert!(again.may_have_tried_message());
}

#[test]
fn a_message_is_known_by_any_of_its_keys() {
    let standing = Standing {
        recent_events: vec!["a".into(), "b".into()],
        ..standing()
    };
    for (keys, known) in [
        (vec!["a"], true),
        (vec!["b", "c"], true),
        (vec!["c", "a"], true),
        (vec!["c"], false),
        (vec![], false),
    ] {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        assert_eq!(standing.has_any(&keys), known, "{keys:?}");
    }
}

fn keys(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
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
fn somebody_is_kept_who_came_in_by_the_instant_of_the_switch() {
    for (admitted, since, kept) in [
        (Some(9), Some(10), true),
        (Some(10), Some(10), true),
        (Some(11), Some(10), false),
        (None, Some(10), false),
        (Some(9), None, false),
    ] {
        let standing = Standing {
            admitted_openly_at: admitted.map(at),
            ..standing()
        };
        let connector = Connector {
            onboarding_since: since.map(at),
            ..connector()
        };
        assert_eq!(standing.kept_by(&connector), kept, "{admitted:?} {since:?}");
    }
}

proptest! {
    #[test]
    fn somebody_is_kept_if_everything_speaks_for_it(
        policy in crate::samples::any_policy(),
        keeps in any::<bool>(), in_time in any::<bool>(),
        rejected in proptest::option::of(7_i64..13), moved in proptest::option::of(7_i64..13),
    ) {
        let admitted = if in_time { 9 } else { 11 };
        let standing = Standing {
            admitted_openly_at: Some(at(admitted)),
            rejections: rejected.map(|last| Rejections { count: 1, last_at: at(last) }),
            ..standing()
        };
        let connector = Connector {
            policy,
            existing_users: if keeps { ExistingUsers::Keep } else { ExistingUsers::RequireApproval },
            onboarding_since: Some(at(10)),
            environment_since: moved.map(at),
            ..connector()
        };
        let earlier = |time: Option<i64>| time.is_none_or(|time| time < admitted);
        let kept = policy == Policy::OnBoarding && keeps && in_time && earlier(rejected) && earlier(moved);
        prop_assert_eq!(standing.kept_by(&connector), kept);
    }
}

#[test]
fn the_onboarding_message_is_due_unless_it_went_out_or_is_about_to() {
    let sent = SendStatus::Sent {
        at: at(6),
        message_id: Some("1".into()),
    };
    let failed = SendStatus::Failed {
        at: at(6),
        class: "config".into(),
        reason: "invalid_auth".into(),
    };
    let skipped = SendStatus::Skipped {
        at: at(6),
        reason: None,
    };
    for (onboarding_message, due) in [
        (None, true),
        (Some(SendStatus::Queued), false),
        (Some(sent), false),
        (Some(failed), true),
        (Some(skipped), true),
    ] {
        let standing = Standing {
            onboarding_message,
            ..standing()
        };
        assert_eq!(standing.onboarding_message_due(), due);
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

fn unreached(request_pending: bool) -> Standing {
    Standing {
        request_pending,
        onboarding_message: Some(SendStatus::Failed {
            at: at(6),
            class: "recipient".into(),
            reason: "blocked".into(),
        }),
        ..standing()
    }
}

#[test]
fn a_message_opens_the_way_while_the_request_is_pending_and_no_stop_counts() {
    let sent = Standing {
        onboarding_message: Some(SendStatus::Sent {
            at: at(6),
            message_id: None,
        }),
        ..unreached(true)
    };
    let stopped = Standing {
        consents: opted_out(at(5)),
        ..unreached(true)
    };
    for (standing, opened) in [
        (unreached(true), true),
        (unreached(false), false),
        (sent, false),
        (stopped, false),
    ] {
        assert_eq!(standing.is_opened_by(&message()), opened);
    }
}

#[test]
fn a_start_opens_the_way_on_its_own_channel() {
    let wish = |channel: Option<&str>, may_write| Wish {
        channel: channel.map(str::to_owned),
        may_write,
        at: at(9),
        event_key: None,
    };
    let mut by_sms = unreached(true);
    by_sms.conversation = by_sms.conversation.on_channel("sms");
    for (standing, wish, opened) in [
        (unreached(true), wish(None, true), true),
        (unreached(true), wish(None, false), false),
        (unreached(false), wish(None, true), false),
        (by_sms.clone(), wish(Some("sms"), true), true),
        (by_sms, wish(Some("whatsapp"), true), false),
    ] {
        assert_eq!(standing.is_opened_by_wish(&wish), opened, "{wish:?}");
    }
}

#[test]
fn a_notice_may_have_been_tried_once_the_task_before_it_is_done() {
    use PendingTask::{ApprovalNotice, Profile, RelatedRequests};
    for (tasks, tried) in [
        (vec![], false),
        (vec![Profile], false),
        (vec![ApprovalNotice, Profile], true),
        (vec![RelatedRequests, ApprovalNotice], false),
    ] {
        let standing = Standing {
            pending_tasks: tasks.into_iter().collect(),
            ..standing()
        };
        assert_eq!(standing.may_have_tried_notice(), tried);
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
