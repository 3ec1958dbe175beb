//! The rules of standings.

use super::*;
use crate::samples::{at, connector, conversation, message, opted_out, standing};
use proptest::prelude::*;

mod joined;

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
