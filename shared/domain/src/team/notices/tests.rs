use super::*;
use crate::{
    samples::{at, login, member, request, scope},
    team::{mail::MailStatus, role::RoleKey},
};
use proptest::prelude::*;

const MINUTE: i64 = 60;

fn order(ordered_at: i64, seen_until: i64, told_at: Option<i64>) -> NoticeOrder {
    NoticeOrder {
        ordered_at: at(ordered_at),
        seen_until: at(seen_until),
        told_at: told_at.map(at),
        round: None,
    }
}

fn round(until: i64) -> Round {
    Round {
        until: at(until),
        reached: None,
    }
}

/// SPEC B35.
#[test]
fn a_round_begins_at_once_or_five_minutes_after_the_last_notice() {
    let first = order(100, 0, None);
    assert_eq!(first.next_step(at(160)), NextStep::Round(round(130)));
    let told = order(500, 400, Some(430));
    for (now, step) in [
        (431, NextStep::Wait(at(430 + 5 * MINUTE))),
        (430 + 5 * MINUTE - 1, NextStep::Wait(at(430 + 5 * MINUTE))),
        (430 + 5 * MINUTE, NextStep::Round(round(700))),
    ] {
        assert_eq!(told.next_step(at(now)), step, "{now}");
    }
}

#[test]
fn a_round_under_way_goes_on_as_it_began() {
    let begun = Round {
        reached: Some(MemberPlace("ana#1".into())),
        ..round(130)
    };
    let order = NoticeOrder {
        round: Some(begun.clone()),
        ..order(100, 0, Some(150))
    };
    assert_eq!(order.next_step(at(151)), NextStep::Round(begun));
}

#[test]
fn news_are_since_the_last_round_and_no_older_than_a_day() {
    let day = 24 * 60 * MINUTE;
    assert_eq!(order(100, 90, None).news_since(&round(130)), at(90));
    let long_ago = order(100, 90, None).news_since(&round(day + 130));
    assert_eq!(long_ago, at(130));
}

#[test]
fn an_order_rests_once_a_round_showed_all_that_was_ordered() {
    let told = order(100, 0, None).after(&round(130), true, at(160));
    assert_eq!(told, order(100, 130, Some(160)));
    assert_eq!(told.after_round(), AfterRound::Rest);
    let quiet = order(100, 0, None).after(&round(130), false, at(160));
    assert_eq!(
        (quiet.told_at, quiet.after_round()),
        (None, AfterRound::Rest)
    );
    let late = order(140, 0, None).after(&round(130), false, at(160));
    assert_eq!(late.after_round(), AfterRound::Again(at(170)));
    let after_notice = order(140, 0, None).after(&round(130), true, at(160));
    let next = at(160 + 5 * MINUTE);
    assert_eq!(after_notice.after_round(), AfterRound::Again(next));
}

proptest! {
    /// Whatever the times of orders and jobs: no two notices within five minutes, and no request is left
    /// out of the rounds.
    #[test]
    fn each_request_is_in_one_round_and_rounds_with_notices_are_five_minutes_apart(
        gaps in proptest::collection::vec(0_i64..400, 1..40),
    ) {
        let mut requests: Vec<i64> = Vec::new();
        let mut time = 100_000;
        for gap in gaps {
            time += gap;
            requests.push(time);
        }
        let mut state: Option<NoticeOrder> = None;
        let mut due = i64::MAX;
        let mut told: Vec<i64> = Vec::new();
        let mut seen = vec![0; requests.len()];
        let mut arrived = 0;
        loop {
            let arrival = requests.get(arrived).copied().unwrap_or(i64::MAX);
            let now = arrival.min(due);
            if now == i64::MAX {
                break;
            }
            if now == arrival {
                arrived += 1;
                let day = 24 * 60 * MINUTE;
                let before = state.unwrap_or_else(|| order(now, now - day, None));
                state = Some(NoticeOrder { ordered_at: at(now), ..before });
                if due == i64::MAX {
                    due = now + MINUTE;
                }
                continue;
            }
            let before = state.clone().unwrap();
            let round = match before.next_step(at(now)) {
                NextStep::Wait(until) => {
                    due = until.seconds();
                    continue;
                }
                NextStep::Round(round) => round,
            };
            let since = before.news_since(&round);
            let mut was_told = false;
            for (index, made_at) in requests.iter().enumerate() {
                if since < at(*made_at) && at(*made_at) <= round.until {
                    seen[index] += 1;
                    was_told = true;
                }
            }
            if was_told {
                told.push(now);
            }
            let after = before.after(&round, was_told, at(now));
            due = match after.after_round() {
                AfterRound::Rest => i64::MAX,
                AfterRound::Again(until) => until.seconds(),
            };
            state = Some(after);
        }
        prop_assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
        prop_assert!(told.windows(2).all(|pair| pair[1] - pair[0] >= 5 * MINUTE), "{told:?}");
    }
}

fn noticed(second: i64) -> NoticedRequest {
    let request = AccessRequest {
        created_at: at(second),
        ..request()
    };
    NoticedRequest::of(
        &request,
        client("one"),
        &format!("Ada {second}"),
        Some("Hello"),
    )
}

fn client(name: &str) -> ClientId {
    ClientId::derive(&[name])
}

fn of_connector(name: &str, seconds: &[i64], count: u32) -> ConnectorRequests {
    ConnectorRequests {
        client_id: client(name),
        count,
        first: seconds.iter().map(|second| noticed(*second)).collect(),
    }
}

/// SPEC B39.
#[test]
fn a_member_is_told_of_the_oldest_requests_of_their_clients_and_of_how_many_there_are() {
    let all = NewRequests {
        of_connectors: vec![
            of_connector("one", &[1, 3, 5, 7, 9, 11, 13, 15, 17, 19], 40),
            of_connector("other", &[2, 4], 2),
        ],
    };
    let (first, count) = all.of_clients(&ClientAccess::All).unwrap();
    let seconds: Vec<_> = first.iter().map(|request| request.at).collect();
    assert_eq!(seconds, [1, 2, 3, 4, 5, 7, 9, 11, 13, 15].map(at));
    assert_eq!(count, 42);
    let some = ClientAccess::Only([client("other")].into());
    let (first, count) = all.of_clients(&some).unwrap();
    assert_eq!((first.len(), count), (2, 2));
    let none = ClientAccess::Only([client("third")].into());
    assert_eq!(all.of_clients(&none), None);
    assert!(!all.is_empty());
    assert!(NewRequests::default().is_empty());
    assert_eq!(NewRequests::default().of_clients(&ClientAccess::All), None);
}

#[test]
fn texts_of_others_are_cut_and_a_person_without_a_name_is_known_by_the_identifier() {
    let long = "x".repeat(500);
    let cut = NoticedRequest::of(&request(), client("one"), &long, Some(&long));
    assert_eq!(cut.name.len(), MAIL_TEXT_MAX_CHARS);
    assert_eq!(
        cut.preview.map(|text| text.len()),
        Some(NOTICE_PREVIEW_MAX_CHARS)
    );
    let bare = NoticedRequest::of(&request(), client("one"), "\u{202E}", Some(" \n "));
    assert_eq!((bare.name.as_str(), bare.preview), ("U1", None));
    let name = "Ada\r\nBcc: x@example.com";
    let lines = NoticedRequest::of(&request(), client("one"), name, None);
    assert_eq!(lines.name, "Ada Bcc: x@example.com");
}

fn recipient() -> Recipient {
    Recipient {
        member: Member {
            login_id: Some(login("ana").id),
            role: RoleKey::SuperAdmin,
            status: MemberStatus::Active,
            ..member("ana")
        },
        login: RecipientLogin {
            id: login("ana").id,
            email: login("ana").email,
            verified_at: Some(at(0)),
            preferences: Preferences::default(),
        },
    }
}

#[test]
fn whoever_is_active_and_may_decide_may_be_told() {
    let roles = Roles::default();
    let admin = recipient().member;
    assert!(Recipient::may_be(&admin, &roles));
    for status in [
        MemberStatus::Pending,
        MemberStatus::Suspended,
        MemberStatus::Removed,
    ] {
        let other = Member {
            status,
            ..admin.clone()
        };
        assert!(!Recipient::may_be(&other, &roles), "{status:?}");
    }
    let agent = Member {
        role: RoleKey::Agent,
        ..admin
    };
    assert!(!Recipient::may_be(&agent, &roles));
    let decider = Member {
        extra: [Permission::AccessRequestsDecide].into(),
        ..agent
    };
    assert!(Recipient::may_be(&decider, &roles));
}

/// SPEC D24: a copied link proves no address.
#[test]
fn whoever_proved_the_address_and_did_not_turn_notices_off_wants_them() {
    let project_id = scope().project_id();
    assert!(recipient().wants(project_id));
    let mut unproven = recipient();
    unproven.login.verified_at = None;
    let mut off = recipient();
    off.login.preferences.notices = false;
    let mut muted = recipient();
    muted.login.preferences.muted_projects = [project_id].into();
    let mut somebody = recipient();
    somebody.member.login_id = Some(LoginId::derive(&["somebody"]));
    for other in [unproven, off, muted.clone(), somebody] {
        assert!(!other.wants(project_id), "{other:?}");
    }
    assert!(muted.wants(ProjectId::derive(&["another"])));
}

#[test]
fn a_notice_goes_to_the_logins_address_once_for_each_round() {
    let names = NoticeNames {
        account: "Acme".into(),
        project: "Concierge".into(),
    };
    let requests = NewRequests {
        of_connectors: vec![of_connector("one", &[1], 1)],
    };
    let ana = recipient();
    let made = |until| {
        let of = (scope(), &names);
        ana.notice(of, &requests, at(until), at(9)).unwrap()
    };
    let mail = made(5);
    assert_eq!(mail.to, ana.login.email);
    assert_eq!(mail.status, MailStatus::Queued);
    assert_eq!(mail.owner, MailOwner::Account(scope().account()));
    assert_eq!(mail.id, made(5).id);
    assert_ne!(mail.id, made(6).id);
    let mut elsewhere = ana.clone();
    elsewhere.member.clients = ClientAccess::Only([client("other")].into());
    let of = (scope(), &names);
    assert_eq!(elsewhere.notice(of, &requests, at(5), at(9)), None);
}

/// A notice of the requests of these names, and the state of what it was made from.
fn queued(names: &[&str], unlisted: u32) -> (Mail, NoticeCheck) {
    let first: Vec<NoticedRequest> = names
        .iter()
        .copied()
        .map(|name| {
            let request = AccessRequest {
                id: AccessRequestId::derive(&[name]),
                ..request()
            };
            NoticedRequest::of(&request, client(name), name, None)
        })
        .collect();
    let count = u32::try_from(names.len()).unwrap() + unlisted;
    let requests = NewRequests {
        of_connectors: vec![ConnectorRequests {
            client_id: client("one"),
            count,
            first,
        }],
    };
    let names_told = NoticeNames {
        account: "Acme".into(),
        project: "Concierge".into(),
    };
    let mail = recipient().notice((scope(), &names_told), &requests, at(5), at(9));
    let ids = names.iter().copied();
    let ids = ids.map(|name| AccessRequestId::derive(&[name]));
    let check = NoticeCheck {
        recipient: recipient(),
        roles: Roles::default(),
        pending: ids.collect(),
    };
    (mail.unwrap(), check)
}

fn told(mail: &Mail) -> (Vec<&str>, u32) {
    let MailKind::NewRequests {
        requests, count, ..
    } = &mail.kind
    else {
        panic!("{:?}", mail.kind);
    };
    let names = requests.iter().map(|request| request.name.as_str());
    (names.collect(), *count)
}

/// SPEC C62, B39.
#[test]
fn a_queued_notice_tells_of_requests_that_are_still_pending_and_of_the_members_clients() {
    let (mut mail, check) = queued(&["ada", "alan"], 2);
    assert!(check.narrow(&mut mail));
    assert_eq!(told(&mail), (vec!["ada", "alan"], 4));

    let (mut mail, mut check) = queued(&["ada", "alan"], 2);
    check.pending.remove(&AccessRequestId::derive(&["ada"]));
    assert!(check.narrow(&mut mail));
    assert_eq!(told(&mail), (vec!["alan"], 3));

    let (mut mail, mut check) = queued(&["ada", "alan"], 0);
    check.recipient.member.clients = ClientAccess::Only([client("ada")].into());
    assert!(check.narrow(&mut mail));
    assert_eq!(told(&mail), (vec!["ada"], 1));

    let (mut mail, mut check) = queued(&["ada"], 0);
    check.pending.clear();
    assert!(!check.narrow(&mut mail));
}

/// SPEC B35.
#[test]
fn a_queued_notice_is_for_whoever_still_may_decide_and_wants_it_at_the_same_address() {
    let changes: [fn(&mut NoticeCheck); 6] = [
        |check| check.recipient.member.status = MemberStatus::Suspended,
        |check| check.recipient.member.role = RoleKey::Agent,
        |check| check.recipient.login.preferences.notices = false,
        |check| check.recipient.login.verified_at = None,
        |check| check.recipient.login.email = login("ben").email,
        |check| {
            let muted = scope().project_id();
            check.recipient.login.preferences.muted_projects = [muted].into();
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (mut mail, mut check) = queued(&["ada"], 0);
        change(&mut check);
        assert!(!check.narrow(&mut mail), "{number}");
    }
}
